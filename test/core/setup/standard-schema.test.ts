import { expect, test } from 'vitest'
import { pluginFolder } from './support/plugin-folder.js'

/** A schema library as zod is, as far as it matters: object schemas that show their keys as `shape`. */
const library = `export const object = (shape) => ({
  shape,
  '~standard': { version: 1, vendor: 'library', validate(input) {
    const issues = [], value = {}
    for (const [key, read] of Object.entries(shape)) {
      try { value[key] = read(input[key]) } catch (error) { issues.push({ message: error.message, path: [key] }) }
    }
    return issues.length > 0 ? { issues } : { value }
  } },
})
export const text = (value) => { if (value === undefined) throw new Error('Required'); return value }
export const positive = (fallback) => (value = fallback) => { if (!(+value > 0)) throw new Error('must be positive'); return +value }
`

function schemaFolder() {
  const folder = pluginFolder()
  folder.write('node_modules/library/package.json', '{ "type": "module", "exports": "./index.js" }')
  folder.write('node_modules/library/index.js', library)
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
import * as s from 'library'
export class P extends ClusterSetup {
  static settings = s.object({ pkgToInstall: s.text, slots: s.positive(4) })
  constructor(readonly got: { pkgToInstall: string; slots: number }) { super() }
  run() {}
}`,
  )
  return folder
}

test('static settings parse the section, defaults included', async () => {
  const folder = schemaFolder()
  expect((await folder.fields('p.P', { pkg_to_install: 'htop' })).got).toEqual({ pkgToInstall: 'htop', slots: 4 })
  expect((await folder.fields('p.P', { pkgToInstall: 'htop', slots: '2' })).got).toEqual({
    pkgToInstall: 'htop',
    slots: 2,
  })
})

test('issues of the schema name section and setting; unknown settings are refused', async () => {
  const folder = schemaFolder()
  const error = await folder.failure('p.P', { pkg_to_instal: 'h', slots: '-1' })
  expect(error.code).toBe('PluginError')
  expect(error.message).toBe(
    '[plugin myplugin] unknown setting pkg_to_instal (did you mean pkg_to_install?); pkg_to_install: Required; slots: must be positive',
  )
  expect(error.hint).toBe('P takes: pkg_to_install, slots')
})

test('a schema written by hand gets camelCase keys and may answer later', async () => {
  const folder = pluginFolder()
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
export class P extends ClusterSetup {
  static settings = { '~standard': { version: 1, vendor: 'me', validate: async (value) =>
    value.userName === 'root' ? { issues: [{ message: 'not root', path: [{ key: 'userName' }] }] } : { value: { ...value, seen: true } } } }
  constructor(readonly got) { super() }
  run() {}
}`,
  )
  expect((await folder.fields('p.P', { user_name: 'ann' })).got).toEqual({ userName: 'ann', seen: true })
  expect((await folder.failure('p.P', { user_name: 'root' })).message).toBe('[plugin myplugin] user_name: not root')
})
