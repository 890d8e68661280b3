import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { pluginFolder } from './support/plugin-folder.js'

const zod = fileURLToPath(new URL('../../../node_modules/zod', import.meta.url))

function zodFolder() {
  const folder = pluginFolder()
  folder.write('node_modules/.keep', '')
  symlinkSync(zod, join(folder.dir, 'node_modules/zod'))
  folder.write(
    'p.ts',
    `import { ClusterSetup } from 'starcluster'
import * as z from 'zod/mini'
export class P extends ClusterSetup {
  static settings = z.object({ pkgToInstall: z.string().check(z.minLength(2)), slots: z._default(z.coerce.number().check(z.positive()), 4) })
  constructor(readonly got: z.infer<typeof P.settings>) { super() }
  run() {}
}`,
  )
  return folder
}

test('static settings parse the section, defaults included', async () => {
  const folder = zodFolder()
  expect((await folder.fields('p.P', { pkg_to_install: 'htop' })).got).toEqual({ pkgToInstall: 'htop', slots: 4 })
  expect((await folder.fields('p.P', { pkgToInstall: 'htop', slots: '2' })).got).toEqual({
    pkgToInstall: 'htop',
    slots: 2,
  })
})

test('issues of the schema name section and setting; unknown settings are refused', async () => {
  const folder = zodFolder()
  const error = await folder.failure('p.P', { pkg_to_instal: 'h', slots: '-1' })
  expect(error.code).toBe('PluginError')
  expect(error.message).toMatch(
    /^\[plugin myplugin\] unknown setting pkg_to_instal \(did you mean pkg_to_install\?\); .*pkg_to_install: .*; slots: /,
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
