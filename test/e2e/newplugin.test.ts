import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

describe('newplugin', () => {
  let home: TempHome
  let plugins: string
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 280_000 })
  beforeAll(async () => {
    home = await tempHome()
    plugins = join(home.path, '.starcluster/plugins')
  })
  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('writes a plugin, its test and its section; an editor finds every type, with nothing installed', async () => {
    const { stdout } = await cliOk(['newplugin', 'my-plugin'], { env: home.env })
    expect((await readdir(plugins)).sort()).toEqual(['my-plugin.test.ts', 'my-plugin.ts', 'tsconfig.json'])
    for (const file of ['my-plugin.ts', 'my-plugin.test.ts', 'tsconfig.json', '.starclusterrc']) {
      expect(stdout).toContain(`${file}  `)
    }
    // What tsc says of a wrong use shows that the types are the real ones, and none is `any`.
    await writeFile(
      join(plugins, 'wrong.ts'),
      `import { readFile } from 'node:fs/promises'
import type { Node } from 'starcluster'
import { testCluster } from 'starcluster/testing'
import { PackageInstaller } from 'starcluster/plugins/pkginstaller'
export const a = async (node: Node): Promise<number> => (await node.ssh.execute('x')).stdout
export const b = async (): Promise<number> => (await testCluster()).master.alias
export const c = async (): Promise<number> => await readFile('x', 'utf8')
export const d: number = new PackageInstaller([])
export const e = async (): Promise<Response> => await fetch('http://localhost', { signal: AbortSignal.timeout(1) })
console.log(process.platform)
`,
    )
    const { stdout: told } = await promisify(execFile)(process.execPath, [tsc, '-p', plugins], { cwd: plugins }).catch(
      (error: { stdout: string }) => error,
    )
    expect(told.split('\n').map((line) => line.replace(/,\d+\).*?'(\w+)' is not.*/, ' $1'))).toEqual([
      'wrong.ts(5 string',
      'wrong.ts(6 string',
      'wrong.ts(7 string',
      'wrong.ts(8 PackageInstaller',
      '',
    ])
  }, 300_000)

  test('refuses what cannot be, in one message, and changes nothing', async () => {
    await home.write('taken/other.ts', '// mine')
    await home.write('taken/third.test.ts', '// mine')
    const config = await readFile(join(home.path, '.starclusterrc'), 'utf8')
    for (const [args, message] of [
      [['../evil'], /"..\/evil" cannot be a plugin's name/],
      [['my-plugin'], /the config has a section \[plugin my-plugin\] already/],
      [['--dir', 'taken', 'other'], /taken\/other\.ts is there already/],
      [['--dir', 'taken', 'third'], /taken\/third\.test\.ts is there already/],
      [['--dir', '.starclusterrc/x', 'fourth'], /cannot write .*: a part of the path is a file; nothing was made/],
    ] as const) {
      const { status, stderr, output } = await sc('newplugin', ...args)
      expect(status, output).toBe(1)
      expect(stderr).toMatch(message)
      expect(output).not.toMatch(/^\s+at /m)
    }
    expect(await readFile(join(home.path, '.starclusterrc'), 'utf8')).toBe(config)
    expect(await readdir(join(home.path, 'taken'))).toEqual(['other.ts', 'third.test.ts'])
  }, 120_000)

  test('a class of that name must not hide what its file needs', async () => {
    await cliOk(['newplugin', '--dir', 'names', 'node'], { env: home.env })
    expect(await readFile(join(home.path, 'names/node.ts'), 'utf8')).toContain('class NodePlugin extends')
  })

  test.skipIf(!canRunNodes)(
    'and its trial is green',
    async () => {
      await home.write('.starcluster/plugins/wrong.ts', '')
      const { status, stdout } = await sc('test', '--strict', 'my-plugin')
      expect(status, stdout).toBe(0)
      expect(stdout).toMatch(/ok +verify after: start again[\s\S]*ok +tests after: start again .* 2 tests/)
      expect(stdout).toMatch(/my-plugin passed: 20 steps/)
    },
    290_000,
  )
})
