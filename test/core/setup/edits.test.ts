import { readdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type PluginFolder, pluginFolder } from './support/plugin-folder.js'

/** A plugin whose field `value` is an expression over what it imports. */
function plugin(imports: string, value: string): string {
  return `import { ClusterSetup } from 'starcluster'\n${imports}\nexport class P extends ClusterSetup {\n  value = ${value}\n  run() {}\n}\n`
}

async function value(folder: PluginFolder, setupClass = 'p.P'): Promise<unknown> {
  return (await folder.fields(setupClass)).value
}

test('an edit of the plugin itself is used by the next load, and said in one line', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin('', '1'))
  expect(await value(folder)).toBe(1)
  expect(await value(folder)).toBe(1)
  expect(folder.lines).toEqual([])
  folder.write('p.ts', plugin('', '2'))
  const loaded = await folder.load('p.P')
  expect(loaded).toMatchObject({ instance: { value: 2 }, reloaded: { files: 1 } })
  expect(folder.lines).toEqual([expect.stringMatching(/^info: Reloaded myplugin \(1 file, \d+ ms\)$/)])
  expect((await folder.load('p.P')).reloaded).toBeUndefined()
})

test('a helper three imports deep is used when edited, same size and time or not', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin(`import { a } from './lib/a.js'`, 'a'))
  folder.write('lib/a.ts', `export { b as a } from './b'`)
  folder.write('lib/b.ts', `import { c } from './deep/c.ts'\nexport const b = c`)
  const deep = folder.write('lib/deep/c.ts', 'export const c = 1')
  expect(await value(folder)).toBe(1)
  folder.write('lib/deep/c.ts', 'export const c = 2')
  expect(await value(folder)).toBe(2)
  utimesSync(deep, 1000, 1000)
  expect(await value(folder)).toBe(2)
  folder.write('lib/deep/c.ts', 'export const c = 3')
  utimesSync(deep, 1000, 1000)
  expect(await value(folder)).toBe(3)
  expect(folder.lines.at(-1)).toMatch(/^info: Reloaded myplugin \(4 files, /)
})

test('a file replaced by a rename, as editors save, is used', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin(`import { a } from './a.js'`, 'a'))
  const target = folder.write('a.ts', 'export const a = 1')
  expect(await value(folder)).toBe(1)
  renameSync(folder.write('.a.ts.swp', 'export const a = 2'), target)
  expect(await value(folder)).toBe(2)
})

test('a new file that changes what an import means is noticed, and its removal too', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin(`import { a } from './util'`, 'a'))
  folder.write('util/index.ts', `export const a = 'index'`)
  expect(await value(folder)).toBe('index')
  await settled(folder)
  const file = folder.write('util.ts', `export const a = 'file'`)
  expect(await value(folder)).toBe('file')
  await settled(folder)
  rmSync(file)
  expect(await value(folder)).toBe('index')
  await settled(folder)
  folder.write('util/package.json', '{ "main": "main.ts" }')
  folder.write('util/main.ts', `export const a = 'main'`)
  expect(await value(folder)).toBe('main')
})

test('a plugin that appears in an earlier folder of the path shadows the other', async () => {
  const [first, second] = [pluginFolder(), pluginFolder()]
  first.path.push(second.dir)
  second.write('p.ts', plugin('', `'second'`))
  expect(await value(first)).toBe('second')
  first.write('p/index.js', plugin('', `'first'`))
  expect(await value(first)).toBe('first')
  expect(first.lines).toEqual([expect.stringMatching(/^info: Reloaded myplugin /)])
  first.write('p.js', plugin('', `'file before folder'`))
  expect(await value(first)).toBe('file before folder')
})

test('a JSON import is used when edited', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin(`import data from './data.json' with { type: 'json' }`, 'data.a'))
  folder.write('data.json', '{ "a": 1 }')
  expect(await value(folder)).toBe(1)
  folder.write('data.json', '{ "a": 2 }')
  expect(await value(folder)).toBe(2)
})

test('an npm package in the plugin folder is bundled; edits and a nearer copy count', async () => {
  const folder = pluginFolder()
  const inner = pluginFolder()
  inner.path.push(folder.dir)
  folder.write('node_modules/esm-only/package.json', '{ "type": "module", "exports": "./lib/main.js" }')
  folder.write('node_modules/esm-only/lib/main.js', `import { x } from './x.js'\nexport const a = x`)
  folder.write('node_modules/esm-only/lib/x.js', 'export const x = 1')
  folder.write('sub/p.ts', plugin(`import { a } from 'esm-only'`, 'a'))
  expect(await value(folder, 'sub.p.P')).toBe(1)
  folder.write('node_modules/esm-only/lib/x.js', 'export const x = 2')
  expect(await value(folder, 'sub.p.P')).toBe(2)
  expect((await folder.load('sub.p.P')).files).toEqual([join(folder.dir, 'sub/p.ts')])
  await settled(folder, 'sub.p.P')
  folder.write('node_modules/esm-only/package.json', '{ "type": "module", "exports": "./lib/other.js" }')
  folder.write('node_modules/esm-only/lib/other.js', `export const a = 'other'`)
  expect(await value(folder, 'sub.p.P')).toBe('other')
  await settled(folder, 'sub.p.P')
  folder.write('sub/node_modules/esm-only/index.js', `exports.a = 'nearer'`)
  expect(await value(folder, 'sub.p.P')).toBe('nearer')
})

test('an npm package that is replaced as a whole, or linked elsewhere, is used', async () => {
  const folder = pluginFolder()
  const version = (dir: string, main: string, value: number) => {
    folder.write(`${dir}/package.json`, `{ "main": "${main}" }`)
    folder.write(`${dir}/${main}`, `exports.a = ${value}`)
  }
  const installed = join(folder.dir, 'node_modules/pkg')
  version('node_modules/pkg', 'index.js', 1)
  folder.write('p.ts', plugin(`import { a } from 'pkg'`, 'a'))
  expect(await value(folder)).toBe(1)
  await settled(folder)
  version('node_modules/.new', 'main.js', 2) // as npm does it
  renameSync(installed, join(folder.dir, 'node_modules/.old'))
  renameSync(join(folder.dir, 'node_modules/.new'), installed)
  expect(await value(folder)).toBe(2)
  await settled(folder)
  version('work/pkg', 'index.js', 3)
  rmSync(installed, { recursive: true })
  symlinkSync('../work/pkg', installed) // npm link
  expect(await value(folder)).toBe(3)
  await settled(folder)
  folder.write('work/pkg/index.js', 'exports.a = 4')
  expect(await value(folder)).toBe(4)
  await settled(folder)
  folder.write('work/pkg/package.json', '{ "main": "other.js" }')
  folder.write('work/pkg/other.js', 'exports.a = 5')
  expect(await value(folder)).toBe(5)
})

test('a linked folder that is pointed elsewhere is noticed', async () => {
  const folder = pluginFolder()
  folder.write('v1/a.ts', 'export const a = 1')
  folder.write('v2/a.ts', 'export const a = 2')
  folder.write('p.ts', plugin(`import { a } from './lib/a.js'`, 'a'))
  const link = join(folder.dir, 'lib')
  symlinkSync('v1', link)
  expect(await value(folder)).toBe(1)
  await settled(folder)
  symlinkSync('v2', `${link}.new`)
  renameSync(`${link}.new`, link)
  expect(await value(folder)).toBe(2)
})

test('a change of types alone changes how settings are read', async () => {
  const folder = pluginFolder()
  const source = `import { ClusterSetup } from 'starcluster'
import type { Flag } from './types.js'
export class P extends ClusterSetup {
  value
  constructor(flag: Flag) { super(); this.value = flag }
  run() {}
}`
  folder.write('p.ts', source)
  folder.write('types.ts', 'export type Flag = string')
  expect((await folder.fields('p.P', { flag: 'yes' })).value).toBe('yes')
  folder.write('types.ts', 'export type Flag = boolean')
  expect((await folder.fields('p.P', { flag: 'yes' })).value).toBe(true)
  folder.write('p.ts', source.replace('flag: Flag', 'flag: string'))
  expect((await folder.fields('p.P', { flag: 'yes' })).value).toBe('yes')
})

test('a plugin that stops building runs nothing and says where; mending it runs', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin(`import { a } from './a.js'`, 'a'))
  folder.write('a.ts', 'export const a = 1')
  expect(await value(folder)).toBe(1)
  const broken = folder.write('a.ts', 'export const a =\n  (2 +\n')
  for (const _ of [1, 2]) {
    const error = await folder.failure('p.P')
    expect(error.code).toBe('PluginSyntaxError')
    expect(error.message).toBe(`plugin myplugin does not build\n${broken}:3:1: Unexpected end of file\n  3 | \n    | ^`)
    expect(error.location).toEqual({ file: broken, line: 3, column: 1, lineText: '' })
  }
  folder.write('a.ts', 'export const a = 3')
  expect(await value(folder)).toBe(3)
})

test('a helper that is missing fails the load until it is there', async () => {
  const folder = pluginFolder()
  const file = folder.write('p.ts', plugin(`import { a } from './gone.js'`, 'a'))
  const error = await folder.failure('p.P')
  expect(error.message).toContain(`${file}:2:19: Could not resolve "./gone.js"\n  2 | import { a } from './gone.js'\n`)
  folder.write('gone.ts', 'export const a = 1')
  expect(await value(folder)).toBe(1)
})

test('code at the top level that throws is said with its line, and tried again', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin('', '1'))
  await value(folder)
  const file = folder.write('p.ts', `${plugin('', '2')}\nnull.x\n`)
  for (const _ of [1, 2]) {
    const error = await folder.failure('p.P')
    expect(error.code).toBe('PluginLoadError')
    expect(error.message).toBe(
      `plugin myplugin: ${file}:8 failed when it was loaded: TypeError: Cannot read properties of null (reading 'x')`,
    )
  }
  folder.write('p.ts', plugin('', '3'))
  expect(await value(folder)).toBe(3)
})

test('an instance keeps the code it was made from', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin(`import { a } from './a.js'`, '() => a()'))
  folder.write('a.ts', 'export const a = () => 1')
  const before = (await folder.fields('p.P')).value as () => number
  folder.write('a.ts', 'export const a = () => 2')
  const after = (await folder.fields('p.P')).value as () => number
  expect([before(), after()]).toEqual([1, 2])
})

test('an unchanged plugin is neither built nor evaluated again, and its instances are new', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', `${plugin('', 'count')}\nconst count = (globalThis.evaluated = (globalThis.evaluated ?? 0) + 1)`)
  const first = await folder.load('p.P')
  await settled(folder)
  const second = await folder.load('p.P')
  expect(second.instance).not.toBe(first.instance)
  expect([first.instance, second.instance]).toMatchObject([{ value: 1 }, { value: 1 }])
})

test('reload lists what changed and what is broken', async () => {
  const folder = pluginFolder()
  folder.write('p.ts', plugin('', '1'))
  folder.write('q.ts', plugin('', '1'))
  await folder.load('p.P', {}, 'pp')
  await folder.load('q.P', {}, 'qq')
  expect(await folder.loader.reload()).toEqual([])
  folder.write('p.ts', plugin('', '2'))
  folder.write('q.ts', plugin('', '('))
  expect(await folder.loader.reload()).toEqual([
    { name: 'pp', files: 1, ms: expect.any(Number) },
    { name: 'qq', files: 0, ms: 0, error: expect.objectContaining({ code: 'PluginSyntaxError' }) },
  ])
  expect(folder.lines).toEqual([])
  expect((await folder.load('p.P', {}, 'pp')).instance).toMatchObject({ value: 2 })
  expect(folder.lines).toEqual([])
})

/**
 * Loads once nothing was touched for a while. Right after a write the loader builds again at each call, so that a test
 * which goes on at once would not see whether the change that follows is noticed.
 */
async function settled(folder: PluginFolder, setupClass = 'p.P'): Promise<void> {
  const paths = [folder.dir, ...readdirSync(folder.dir, { recursive: true }).map((name) => join(folder.dir, `${name}`))]
  const newest = Math.max(...paths.map((path) => statSync(path).ctimeMs))
  await expect.poll(() => Date.now() - newest, { timeout: 20_000 }).toBeGreaterThan(100)
  await folder.load(setupClass)
}
