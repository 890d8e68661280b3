import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { ClusterSetup } from '../../../src/core/setup/cluster-setup.js'
import { pluginFolder, publicApi } from './support/plugin-folder.js'

test('starcluster is the running copy, however it is imported', async () => {
  const folder = pluginFolder()
  folder.write('node_modules/starcluster/index.js', `throw new Error('a copy beside the plugin was used')`)
  folder.write('old.cjs', `const sc = require('starcluster')\nmodule.exports = () => sc.marker`)
  folder.write(
    'p.ts',
    `import { ClusterSetup, marker } from 'starcluster'
import * as sc from 'starcluster'
import required from './old.cjs'
export class P extends ClusterSetup {
  markers = [marker, sc.marker, required()]
  later = async () => (await import('starcluster')).marker
  run() {}
}`,
  )
  const { instance } = await folder.load('p.P')
  expect(instance).toBeInstanceOf(ClusterSetup)
  const { markers, later } = instance as unknown as { markers: symbol[]; later: () => Promise<symbol> }
  expect([...markers, await later()]).toEqual(Array(4).fill(publicApi.marker))
})

test('import.meta, __dirname and __filename are each file’s own', async () => {
  const folder = pluginFolder()
  const own = `{ url: import.meta.url, file: import.meta.filename, dir: import.meta.dirname, cjs: [__filename, __dirname] }`
  folder.write(
    'sub/helper.ts',
    `#!/usr/bin/env node\nexport const helper = ${own}\nexport const near = import.meta.resolve('./x.txt')`,
  )
  folder.write(
    'sub/declares.ts',
    `import { dirname } from 'node:path'\nconst __dirname = dirname(import.meta.url)\nexport { __dirname as declared }`,
  )
  folder.write(
    'sub/strict.cjs',
    `'use strict'\nmodule.exports = (function () { return [this === undefined, __dirname] })()`,
  )
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
import { helper, near } from './sub/helper.js'
import { declared } from './sub/declares.js'
import strict from './sub/strict.cjs'
export class P extends ClusterSetup { got = { mine: ${own}, helper, near, declared, strict }\n run() {} }`,
  )
  const expected = (file: string, dir: string) => ({ url: pathToFileURL(file).href, file, dir, cjs: [file, dir] })
  const sub = join(folder.dir, 'sub')
  expect((await folder.fields('p.P')).got).toEqual({
    mine: expected(join(folder.dir, 'p.ts'), folder.dir),
    helper: expected(join(sub, 'helper.ts'), sub),
    near: pathToFileURL(join(sub, 'x.txt')).href,
    declared: pathToFileURL(sub).href,
    strict: [true, sub],
  })
})

test('TypeScript that is more than types works: enums, parameter properties, decorators', async () => {
  const folder = pluginFolder()
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
enum Size { Small = 's', Large = 'l' }
const twice = (method: () => number) => function (this: unknown) { return method.call(this) * 2 }
export class P extends ClusterSetup {
  constructor(private readonly size: string = Size.Large) { super() }
  @twice count() { return 21 }
  run() {}
}`,
  )
  const { instance } = await folder.load('p.P')
  expect(instance).toMatchObject({ size: 'l' })
  expect((instance as unknown as { count(): number }).count()).toBe(42)
  expect(instance.constructor.name).toBe('P')
})

test('a plugin that is a link finds its helpers where it really is', async () => {
  const [folder, real] = [pluginFolder(), pluginFolder()]
  real.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'\nimport { a } from './a.js'\nexport class P extends ClusterSetup { got = a\n run() {} }`,
  )
  real.write('a.ts', 'export const a = 1')
  symlinkSync(join(real.dir, 'p.ts'), join(folder.dir, 'p.ts'))
  expect((await folder.fields('p.P')).got).toBe(1)
  real.write('a.ts', 'export const a = 2')
  expect((await folder.fields('p.P')).got).toBe(2)
})

test('a bundled plugin is found by short name and by the original’s, and can be extended', async () => {
  const bundled = pluginFolder()
  bundled.write(
    'pkg.ts',
    `import { ClusterSetup } from 'starcluster'\nexport class Pkg extends ClusterSetup { got; constructor(packages = '') { super(); this.got = packages }\n run() {} }`,
  )
  const folder = pluginFolder({ bundledDir: bundled.dir })
  folder.write('mine.ts', `import { Pkg } from 'starcluster/plugins/pkg'\nexport class Mine extends Pkg {}`)
  for (const name of ['pkg.Pkg', 'starcluster.plugins.pkg.Pkg', 'mine.Mine']) {
    expect((await folder.fields(name, { packages: 'x' })).got).toBe('x')
  }
  folder.write('pkg.py', '')
  expect((await folder.failure('pkg.Pkg')).code).toBe('PluginLoadError')
  expect((await folder.fields('starcluster.plugins.pkg.Pkg', { packages: 'x' })).got).toBe('x')
})

test('hooks in snake_case are called, with one notice', async () => {
  const folder = pluginFolder()
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
class Base extends ClusterSetup { run() {}\n onAddNode() { return 'base' }\n onRestart() { return 'base' } }
export class P extends Base { me = 'plugin'\n on_add_node() { return this.me } }`,
  )
  const first = await folder.load('p.P')
  await folder.load('p.P')
  const hooks = first.instance as unknown as Record<string, () => string>
  expect([hooks.onAddNode?.(), hooks.onRestart?.(), hooks.onShutdown]).toEqual(['plugin', 'base', undefined])
  expect(folder.lines).toEqual([
    'warn: plugin myplugin: on_add_node works, but hooks are written in camelCase now (on_add_node is onAddNode)',
  ])
})

test('stack traces show file.ts:line, and a program that forgets dispose ends', async () => {
  const folder = pluginFolder()
  folder.write(
    'deep.ts',
    `interface Gone { a: string }\n\n\nexport function fail(): never {\n  throw new Error('deep')\n}\n`,
  )
  const file = folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'\nimport { fail } from './deep.js'\nexport class P extends ClusterSetup {\n  run() {\n    fail()\n  }\n}`,
  )
  const script = new URL('./support/print-stack.ts', import.meta.url).pathname
  const run = spawnSync(process.execPath, ['--import', 'tsx', script, folder.dir], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(run.stderr).toBe('')
  expect(run.stdout).toContain(`at fail (${join(folder.dir, 'deep.ts')}:5:`)
  expect(run.stdout).toMatch(new RegExp(`at (P\\.)?run \\(${file}:5:`))
  expect(run.stdout).toContain(`located ${join(folder.dir, 'deep.ts')}:5`)
  expect(run.status).toBe(0)
})
