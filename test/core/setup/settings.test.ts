import { expect, test } from 'vitest'
import { pluginFolder } from './support/plugin-folder.js'

test('setting names that collide with other names reach the constructor', async () => {
  const folder = pluginFolder()
  folder.write(
    'helper.ts',
    `export const version = 'h1', user = 'h2', process = 'h3', module = 'h4', log = 'h5', queue = 'h6'`,
  )
  folder.write(
    'collide.ts',
    `import { ClusterSetup, log as scLog } from 'starcluster'
import * as helper from './helper.js'
import { version as v, user as u, queue as q, process as p, module as m, log as l } from './helper.js'
export const seen = [v, u, q, p, m, l, helper, scLog]
export class Collide extends ClusterSetup {
  readonly got: Record<string, unknown>
  constructor(version: string, user: string, process: string, module: string, log: string, queue = 'none') {
    super()
    this.got = { version, user, process, module, log, queue, helper: [v, u, q, p, m, l] }
  }
  run() {}
}
export class Destructured extends ClusterSetup {
  got
  constructor({ version, user, process, module, log, queue: renamed = 'none' }: { version: string, user: string, process: string, module: string, log: string, queue?: string }) {
    super()
    this.got = { version, user, process, module, log, queue: renamed }
  }
  run() {}
}
export class Inherited extends Collide {}
`,
  )
  const settings = { version: '1', user: '2', process: '3', module: '4', log: '5' }
  const got = { ...settings, queue: 'none' }
  expect((await folder.fields('collide.Collide', settings)).got).toEqual({
    ...got,
    helper: ['h1', 'h2', 'h6', 'h3', 'h4', 'h5'],
  })
  expect((await folder.fields('collide.Destructured', { ...settings, queue: 'q' })).got).toEqual({ ...got, queue: 'q' })
  expect((await folder.fields('collide.Inherited', settings)).got).toMatchObject(got)
})

/** What a constructor written as `parameters` gets from settings. */
async function got(parameters: string, settings: Record<string, string>, more = ''): Promise<unknown> {
  const folder = pluginFolder()
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'\n${more}
export class P extends ClusterSetup { got; constructor(${parameters}) { super(); this.got = [...arguments] }\n run() {} }`,
  )
  return (await folder.fields('p.P', settings)).got
}

test.each<[string, Record<string, string>, unknown[]]>([
  ['private pkgToInstall: string', { pkg_to_install: 'htop' }, ['htop']],
  ['readonly pkgToInstall: string', { pkgToInstall: 'htop' }, ['htop']],
  ['pkg_to_install: string', { pkgToInstall: 'htop' }, ['htop']],
  ['pkgToInstall', { pkgtoinstall: 'htop' }, ['htop']],
  ['a: string, b?: string, c = "x", d: string | undefined', { a: '1' }, ['1', undefined, undefined, undefined]],
  ['a?: string, b?: string', { b: '1' }, [undefined, '1']],
  ['on: boolean, off = true, up: boolean | null', { on: 'Yes', off: '0', up: 'on' }, [true, false, true]],
  ['n: number, m = 3, k = -1', { n: '1e3', m: ' 4 ', k: '0.5' }, [1000, 4, 0.5]],
  [
    'list: string[], more: readonly string[] = [], other = ["a"]',
    { list: 'a, b,,c', more: '', other: 'x' },
    [['a', 'b', 'c'], [], ['x']],
  ],
  ['n: number[], m = [1, 2], k: Array<number>', { n: '1,2', m: '3', k: '4' }, [[1, 2], [3], [4]]],
  ['size: "s" | "m"', { size: 'm' }, ['m']],
  ['list: string[]', { list: `"a, b", c d, 'e "f"', it's, ""` }, [['a, b', 'c d', 'e "f"', "it's", '']]],
  ['list: string[]', { list: 'a,\n  "b"\nc' }, [['a', 'b', 'c']]],
  [
    'modes: ("s" | "m")[], flags: boolean[]',
    { modes: 's, m', flags: 'yes, 0' },
    [
      ['s', 'm'],
      [true, false],
    ],
  ],
  ['n: 1 | 2 | -1, m: "auto" | number', { n: '-1', m: '3' }, [-1, 3]],
  [
    'm: number | "auto", k: boolean | number, l: number | number[]',
    { m: 'auto', k: '1', l: '1,2' },
    ['auto', 1, [1, 2]],
  ],
  ['a: string | null, b: number | null, c: string | null | undefined', { b: '1' }, [null, 1, undefined]],
  ['{ a, b = "x" }: { a: string | null; b: string | null }', {}, [{ a: null }]],
  ['a: string | string[]', { a: 'x,y' }, ['x,y']],
  ['{ a, b = 2, c: renamed }: { a: boolean, b?: number, c?: string }', { a: 'no' }, [{ a: false }]],
  ['{ a, b } = {}', { a: '1' }, [{ a: '1' }]],
  ['{ a, b } = {}', {}, [{}]],
  ['name: string, { b_c = 1 } = {}', { name: 'x', bC: '2' }, ['x', { b_c: 2 }]],
  ['', {}, []],
])('constructor(%s) with %j', async (parameters, settings, expected) => {
  expect(await got(parameters, settings)).toEqual(expected)
})

test('types declared beside the class are read', async () => {
  const types = `type Mode = 'fast' | 'slow'
interface Base { packages: string[] }
interface Settings extends Base { verbose?: boolean; mode: Mode }`
  const settings = { packages: 'a,b', mode: 'fast' }
  expect(await got('options: Settings', settings, types)).toEqual([{ packages: ['a', 'b'], mode: 'fast' }])
  expect(await got('{ packages, mode, verbose }: Settings', settings, types)).toEqual([
    { packages: ['a', 'b'], mode: 'fast' },
  ])
  expect(await got('options: Partial<Settings>', {}, types)).toEqual([{}])
})

test.each<[string, Record<string, string>, string]>([
  ['n: number', { n: 'ten' }, 'n = ten is no number'],
  ['n: number', { n: '' }, 'n =  is no number'],
  ['n: number[]', { n: '1, x' }, 'n = 1, x has "x", which is no number'],
  ['size: "s" | "m"', { size: 'xl' }, 'size = xl is none of s, m'],
  ['mode: "fast" | "slow"', { mode: 'fats' }, 'mode = fats is none of fast, slow (did you mean fast?)'],
  [
    'modes: ("fast" | "slow")[]',
    { modes: 'fast, slwo' },
    'modes = fast, slwo has "slwo", which is none of fast, slow (did you mean slow?)',
  ],
  ['m: "auto" | number', { m: 'x' }, 'm = x is not auto | number'],
  ['accessToken: number', { access_token: 'hunter2' }, 'access_token is no number'],
  ['accessTokens: number[]', { access_tokens: '1, hunter2' }, 'access_tokens has an item that is not of its type'],
  [
    '{ packages }: { packages: string[] }',
    { pakages: 'a' },
    'unknown setting pakages (did you mean packages?); required setting packages is missing',
  ],
  [
    'pkgToInstall: string',
    { pkg_to_install: 'a', pkgToInstall: 'b' },
    'pkg_to_install and pkgToInstall are the same setting; keep one',
  ],
  ['pkgToInstall: string', {}, 'required setting pkg_to_install is missing'],
  [
    '{ a, ...others }',
    { a: '1' },
    'the constructor of P cannot be given settings: a rest property (...) takes no setting; name each setting',
  ],
  [
    '[a, b]',
    {},
    'the constructor of P cannot be given settings: an array pattern takes no setting; name the settings one by one, or in an object',
  ],
  [
    '{ a: { b } }',
    {},
    'the constructor of P cannot be given settings: a is a pattern of its own; a setting is one value',
  ],
])('constructor(%s) refuses %j', async (parameters, settings, message) => {
  await expect(got(parameters, settings)).rejects.toThrow(`[plugin myplugin] ${message}`)
})

test('durations: the unit of a bare number is that of the type, however it is imported', async () => {
  const imports = `import type { Milliseconds, Seconds as S } from 'starcluster'
import type * as sc from 'starcluster'
type Wait = S`
  const parameters = 'a: S, b: Milliseconds, c: Wait | undefined, d: sc.Hours, e: S[] = [], f: "never" | sc.Minutes = 1'
  expect(
    await got(parameters, { a: '90', b: '1.5 s', c: '1h30m', d: '2 days', e: '1m, 5', f: 'never' }, imports),
  ).toEqual([90, 1500, 5400, 48, [60, 5], 'never'])
  await expect(got('a: S', { a: 'soon' }, imports)).rejects.toThrow(
    '[plugin myplugin] a = soon is no duration: write a number of seconds, or 500ms, 90s, 1.5h, 1h30m, 2 days',
  )
  // A type of the plugin's own that is called so is its own.
  expect(await got('a: Seconds', { a: '90s' }, 'type Seconds = string')).toEqual(['90s'])
})

test('constructors are inherited across files, renames and re-exports', async () => {
  const folder = pluginFolder()
  folder.write(
    'lib/base.ts',
    `import { ClusterSetup } from 'starcluster'
export default class Base extends ClusterSetup { got; constructor(log: string, queue = '0') { super(); this.got = [log, queue] }\n run() {} }`,
  )
  folder.write(
    'lib/index.ts',
    `export { default as Renamed } from './base.js'\nexport * from './base.js'\nexport const log = 1`,
  )
  folder.write(
    'p.ts',
    `import * as lib from './lib/index.js'
import { Renamed, log } from './lib'
class Middle extends Renamed { note = log }
export class P extends Middle {}
export class Q extends lib.Renamed {}
export const R = class extends P {}
export { Middle as S }
export default class T extends Q { constructor(version: string) { super(version) } }`,
  )
  for (const name of ['P', 'Q', 'R', 'S', 'default']) {
    const setting = name === 'default' ? 'version' : 'log'
    expect((await folder.fields(`p.${name}`, { [setting]: 'x' })).got).toEqual(['x', '0'])
  }
  expect(await folder.failure('p.P', { log: 'x', queu: '1' })).toMatchObject({
    message: '[plugin myplugin] unknown setting queu (did you mean queue?)',
    hint: 'P takes: log (required), queue',
  })
  expect((await folder.fields('p.T', { version: 'y' })).got).toEqual(['y', '0'])
})

test('JavaScript plugins, ES and CommonJS, get their settings', async () => {
  const folder = pluginFolder()
  folder.write(
    'base.cjs',
    `const { ClusterSetup } = require('starcluster')
class Base extends ClusterSetup { constructor(module, exports = '0') { super(); this.got = [module, exports] } run() {} }
module.exports = { Base }`,
  )
  folder.write('one.cjs', `const { Base } = require('./base.cjs')\nexports.P = class P extends Base {}`)
  folder.write('two.js', `const base = require('./base.cjs')\nclass P extends base.Base {}\nmodule.exports.P = P`)
  folder.write(
    'three.js',
    `module.exports = class P extends require('./base.cjs').Base { constructor(user) { super(user) } }`,
  )
  folder.write(
    'four.mjs',
    `import base from './base.cjs'\nexport class P extends base.Base { constructor({ user }) { super(user) } }`,
  )
  expect((await folder.fields('one.P', { module: 'x' })).got).toEqual(['x', '0'])
  expect((await folder.fields('two.P', { module: 'x' })).got).toEqual(['x', '0'])
  expect((await folder.fields('three.P', { user: 'x' })).got).toEqual(['x', '0'])
  expect((await folder.fields('four.P', { user: 'x' })).got).toEqual(['x', '0'])
})

test('a base class that only exists at run time needs a constructor when there are settings', async () => {
  const folder = pluginFolder()
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
const mixin = (Base) => class extends Base { mixed = true }
export class P extends mixin(ClusterSetup) { run() {} }`,
  )
  expect(await folder.fields('p.P')).toMatchObject({ mixed: true })
  expect((await folder.failure('p.P', { a: '1' })).message).toBe(
    '[plugin myplugin] the constructor of P cannot be given settings: its base class is only known when it runs; give P a constructor of its own',
  )
})

test('a base class of starcluster brings no settings', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', `import { ClusterSetup } from 'starcluster'\nexport class P extends ClusterSetup { run() {} }`)
  const error = await folder.failure('p.P', { a: '1' })
  expect(error).toMatchObject({ message: '[plugin myplugin] unknown setting a', hint: 'P takes no settings' })
})

test('overloads: the constructor with the body counts', async () => {
  const folder = pluginFolder()
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
export class P extends ClusterSetup { got; constructor(); constructor(a: string); constructor(a?: string) { super(); this.got = a }\n run() {} }`,
  )
  expect((await folder.fields('p.P', { a: 'x' })).got).toBe('x')
})
