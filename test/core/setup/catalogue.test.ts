import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import * as api from '../../../src/api.js'
import { pluginFolder } from './support/plugin-folder.js'

const bundledDir = fileURLToPath(new URL('../../../src/plugins', import.meta.url))
const section = (name: string, setupClass: string, settings: Record<string, string> = {}) => ({
  name,
  setupClass,
  settings: new Map(Object.entries(settings)),
})

test('a plugin is described from its source: doc comment, hooks, settings with types, defaults and values', async () => {
  const folder = pluginFolder()
  folder.write(
    'base.ts',
    `import { ClusterSetup } from 'starcluster'
export abstract class Base extends ClusterSetup {
  /** not what is asked for */
  async on_add_node() {}
}`,
  )
  folder.write(
    'web.ts',
    `import { Base } from './base'
throw new Error('describing runs nothing')
/**
 * Serves pages.
 *
 * On every node.
 */
export class Web extends Base {
  constructor(
    /** TCP port. */
    private port = 80 + 0,
    readonly mode: 'fast' | 'slow',
    hosts?: string[],
  ) { super() }
  async run() {}
}`,
  )
  const [web] = await folder.loader.describe([section('site', 'web.Web', { MODE: 'fast' })])
  expect(web).toEqual({
    name: 'site',
    setupClass: 'web.Web',
    origin: 'config',
    file: `${folder.dir}/web.ts`,
    doc: 'Serves pages.\n\nOn every node.',
    hooks: ['run', 'onAddNode'],
    problem: undefined,
    settings: [
      { name: 'port', type: 'text', required: false, fallback: '80 + 0', doc: 'TCP port.', value: undefined },
      { name: 'mode', type: 'fast | slow', required: true, fallback: undefined, doc: undefined, value: 'fast' },
      { name: 'hosts', type: 'list', required: false, fallback: undefined, doc: undefined, value: undefined },
    ],
  })
})

/** A schema library as zod is; `told` is what its schemas say of themselves as JSON Schema. */
const library = (told: string) => `const any = new Proxy(() => any, { get: () => any })
export const z = new Proxy({}, { get: (_, name) => name !== 'object' ? any : (shape) => ({ shape, '~standard': {
  version: 1, vendor: 'z', validate: (value) => ({ value }), ${told} } }) })`

const database = `import { ClusterSetup } from 'starcluster'
import { z } from 'z'
export default class Database extends ClusterSetup {
  static settings = z.object({
    /** Where data is. */
    dataDir: z.string().default('/data'),
    version: z.coerce.number(),
    mode: z.transformed(),
  })
  run() {}
}`

test('a schema that tells nothing of itself: names, and what is written of each', async () => {
  const folder = pluginFolder()
  folder.write('node_modules/z/index.mjs', library(''))
  folder.write('node_modules/z/package.json', '{ "exports": "./index.mjs" }')
  folder.write('db.ts', database)
  const [found] = await folder.loader.describe([])
  expect(found).toMatchObject({
    name: 'db.Database',
    problem: undefined,
    settings: [
      { name: 'data_dir', required: false, doc: 'Where data is.', type: "z.string().default('/data')" },
      { name: 'version', required: true },
      { name: 'mode' },
    ],
  })
})

test('a schema that tells its JSON Schema: types, defaults and descriptions', async () => {
  const folder = pluginFolder()
  const properties = `{ dataDir: { type: 'string', default: '/data' }, version: { type: 'integer', description: 'Of it.' }, mode: {} }`
  folder.write(
    'node_modules/z/index.mjs',
    library(`jsonSchema: { input: () => ({ properties: ${properties}, required: ['version'] }) }`),
  )
  folder.write('node_modules/z/package.json', '{ "exports": "./index.mjs" }')
  folder.write('db.ts', database)
  const [found] = await folder.loader.describe([])
  expect(found?.settings).toEqual([
    { name: 'data_dir', type: 'text', required: false, fallback: '"/data"', doc: 'Where data is.', value: undefined },
    { name: 'version', type: 'whole number', required: true, fallback: undefined, doc: 'Of it.', value: undefined },
    { name: 'mode', type: 'z.transformed()', required: false, fallback: undefined, doc: undefined, value: undefined },
  ])
})

test('a plugin that does not build, one whose schema fails, a section with wrong settings: each is listed with its problem', async () => {
  const folder = pluginFolder()
  const file = folder.write('broken.ts', `import { x } from './gone.js'\nexport class Broken { x = x }`)
  folder.write('late.ts', database.replace("import { z } from 'z'", 'const z = undefined'))
  folder.write(
    'web.ts',
    `import { ClusterSetup } from 'starcluster'\nexport class Web extends ClusterSetup { constructor(port: number) { super() } run() {} }`,
  )
  const all = await folder.loader.describe([section('web', 'web.Web', { prt: '80' })])
  expect(all.map(({ name, origin, problem }) => [name, origin, problem])).toEqual([
    ['web', 'config', '[plugin web] unknown setting prt (did you mean port?); required setting port is missing'],
    [
      'broken',
      'plugin path',
      expect.stringContaining(`plugin broken does not build\n${file}:1:19: Could not resolve "./gone.js"`),
    ],
    ['late.Database', 'plugin path', expect.stringContaining('failed when it was loaded: TypeError')],
  ])
})

test('classes without a section are found in the path and in its folders; helpers, tests and abstract classes are none', async () => {
  const folder = pluginFolder({ bundledDir, api })
  folder.write(
    'one.ts',
    `import { ClusterSetup } from 'starcluster'\nexport class One extends ClusterSetup { run() {} }`,
  )
  folder.write('one.test.ts', `import { One } from './one'\nexport class Fake extends One {}`)
  folder.write('helper.ts', 'export class Helper {}')
  folder.write(
    'lab/two.js',
    `const { ClusterSetup } = require('starcluster')\nexports.Two = class extends ClusterSetup { run() {} }`,
  )
  const all = await folder.loader.describe([section('first', 'one.One'), section('broken', 'no.Such')])
  expect(all.map(({ name, origin }) => `${origin}: ${name}`)).toEqual([
    'config: first',
    'config: broken',
    'plugin path: lab.two.Two',
    'bundled: pkginstaller.PackageInstaller',
    'bundled: pypkginstaller.PyPkgInstaller',
    'bundled: tmux.TmuxControlCenter',
    'bundled: xvfb.XvfbSetup',
  ])
  expect(all[1]).toMatchObject({ problem: expect.stringMatching(/no file for setup_class = no\.Such/), settings: [] })
})

test('a file that is no TypeScript, or no longer there, spoils nothing for the others', async () => {
  const folder = pluginFolder()
  folder.write('bad.ts', 'export class {{{')
  folder.write(
    'good.ts',
    `import { ClusterSetup } from 'starcluster'\nexport class Good extends ClusterSetup { run() {} }`,
  )
  const all = await folder.loader.describe([section('bad', 'bad.Bad'), section('good', 'good.Good')])
  expect(all.map(({ name, problem }) => [name, problem !== undefined])).toEqual([
    ['bad', true],
    ['good', false],
  ])
})
