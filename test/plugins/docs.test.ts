import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import * as api from '../../src/api.js'
import { PluginLoader } from '../../src/core/setup/loader.js'
import { recordingLog } from '../core/setup/support/recording-log.js'

test.each([
  ['plugins.md', ''],
  ['porting.md', 'no'],
])('the first plugin of docs/%s loads with the settings shown', async (page, verbose) => {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  const block = /^( *)```ts\n([\s\S]*?)^\1```/m.exec(text)
  const source = block?.[2]?.replaceAll(new RegExp(`^${block[1]}`, 'gm'), '') ?? ''
  const dir = mkdtempSync(join(tmpdir(), 'sc-docs-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'ubuntu.ts'), source)
  const { log } = recordingLog()
  const loader = new PluginLoader({ pluginPath: () => [dir], bundledDir: '/nonexistent', publicApi: api, log })
  const settings = new Map([['pkg_to_install', 'htop'], ...(verbose ? [['verbose', verbose] as const] : [])])
  const { instance } = await loader.load({ name: 'x', setupClass: 'ubuntu.PackageInstaller', settings })
  expect(instance).toMatchObject({ pkgToInstall: 'htop', ...(verbose ? { verbose: false } : {}) })
})

test('every name the porting page translates to is there', () => {
  const names = ['ClusterSetup', 'DefaultClusterSetup', 'log', 'sh', 'PluginError', 'RemoteCommandFailed', 'onEach']
  for (const name of names) expect(api).toHaveProperty(name)
  for (const method of translatedMethods('node')) expect(api.Node.prototype, method).toHaveProperty(method)
  for (const method of translatedMethods('node\\.ssh')) expect(api.SshClient.prototype, method).toHaveProperty(method)
})

/** Methods of `node` or `node.ssh` called in the right column of the table. */
function translatedMethods(owner: string): Set<string> {
  const text = readFileSync(new URL('../../docs/porting.md', import.meta.url), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const right = rows.map((row) => row.split(' | ').at(-1) ?? '').join('\n')
  return new Set([...right.matchAll(new RegExp(`\\b${owner}\\.(\\w+)\\(`, 'g'))].map((match) => match[1] ?? ''))
}
