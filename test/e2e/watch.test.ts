import { spawn } from 'node:child_process'
import { readFile, rename } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, program, runCli } from '../support/cli.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

// The plugin never touches its nodes, so that records of machines do.
let home: TempHome
beforeAll(async () => {
  home = await tempHome()
  home.env.STARCLUSTER_LOCAL_ENGINE = 'null'
})
afterAll(async () => {
  await runCli(['local', 'reset', '--confirm'], { env: home.env })
  await home.remove()
})

const pluginFile = '.starcluster/plugins/hello.ts'
const words = (text: string) => `export const words = ${JSON.stringify(text)}\n`

const untilThere = (file: string) => `import { existsSync } from 'node:fs'
import { waitFor } from 'starcluster'
export const wait = () => waitFor('go', async () => existsSync('${file}') || undefined, { timeoutMs: 30_000, intervalMs: 20 })
`

test('newplugin writes a plugin, its section and editor settings, and refuses to write over anything', async () => {
  const { stdout } = await cliOk(['newplugin', 'my-plugin'], { env: home.env })
  expect(stdout).toMatch(/my-plugin\.ts {2}the plugin, class MyPlugin/)
  expect(await readFile(`${home.path}/.starclusterrc`, 'utf8')).toMatch(
    /^\[plugin my-plugin\]\nsetup_class = my-plugin\.MyPlugin\n/,
  )
  const described = (await cliOk(['plugins', '--json', 'my-plugin'], { env: home.env })).stdout
  expect(JSON.parse(described)).toMatchObject([
    { hooks: ['run', 'onAddNode', 'verify'], settings: [{ name: 'packages', type: 'list' }] },
  ])
  const again = await runCli(['newplugin', 'my-plugin'], { env: home.env })
  expect(again).toMatchObject({
    status: 1,
    output: expect.stringMatching(/has a section \[plugin my-plugin\] already/),
  })
  await home.write('.starcluster/plugins/other.ts', '// precious')
  expect((await runCli(['newplugin', 'other'], { env: home.env })).output).toMatch(/other\.ts is there already/)
  expect(await readFile(`${home.path}/.starcluster/plugins/other.ts`, 'utf8')).toBe('// precious')
  expect((await runCli(['newplugin', '../evil'], { env: home.env })).output).toMatch(/cannot be a plugin's name/)
})

test('what newplugin writes has no type errors, with the editor settings beside it', async () => {
  const tsc = new URL('../../node_modules/typescript/bin/tsc', import.meta.url).pathname
  const child = spawn(process.execPath, [tsc, '--noEmit', '-p', `${home.path}/.starcluster/plugins`], { env: home.env })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  const status = await new Promise((resolve) => child.once('close', resolve))
  expect({ status, output }).toEqual({ status: 0, output: '' })
}, 180_000)

test('watch runs a plugin, and again when it, a helper or the config is saved; a mistake does not end it', async () => {
  await home.write(
    pluginFile,
    `import { ClusterSetup, log } from 'starcluster'
import * as lib from './lib/words'
export class Hello extends ClusterSetup {
  constructor(private name = 'nobody') { super() }
  async run() { log.info('SAYS ' + lib.words + ' ' + this.name); await (lib as { wait?: () => Promise<void> }).wait?.() }
}`,
  )
  await home.write('.starcluster/plugins/lib/words.ts', words('hello'))
  await home.write('.starclusterrc', '[plugin hello]\nsetup_class = hello.Hello\n')
  // No ssh will ever answer; a cluster with running instances is enough.
  await runCli(['start', 't', '-s', '1'], { env: home.env, interruptAt: /Waiting for the nodes/ })
  const child = spawn(process.execPath, [program, 'watch', 'hello', 't'], { env: home.env, cwd: home.path })
  let output = ''
  const take = (data: Buffer) => (output += data)
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const until = (what: RegExp) =>
    waitFor(String(what), async () => what.test(output) || undefined, { timeoutMs: 30_000, intervalMs: 50 })
  try {
    await until(/SAYS hello nobody[\s\S]*ended well[^\n]*Ctrl-C ends/)
    output = ''
    await home.write('.starcluster/plugins/lib/words.ts', words('good morning'))
    await until(/SAYS good morning nobody[\s\S]*Ctrl-C ends/)
    output = ''
    await home.write('.starclusterrc', '[plugin hello]\nsetup_class = hello.Hello\nname = Ada\n')
    await until(/SAYS good morning Ada[\s\S]*Ctrl-C ends/)
    output = ''
    await home.write('.starcluster/plugins/lib/words.ts', 'export const words = {{{')
    await until(/does not build[\s\S]*Waiting/)
    output = ''
    await home.write('.starcluster/plugins/lib/words.ts', words('good evening'))
    await until(/SAYS good evening Ada[\s\S]*Ctrl-C ends/)
    output = ''
    const target = `${home.path}/.starcluster/plugins/lib/words.ts`
    await rename(await home.write('.starcluster/plugins/lib/.words.swp', words('saved by a rename')), target)
    await until(/SAYS saved by a rename Ada[\s\S]*Ctrl-C ends/)
    output = ''
    // Two saves while a run is under way are one more run.
    await home.write('.starcluster/plugins/lib/words.ts', `${words('slow')}${untilThere(`${home.path}/go`)}`)
    await until(/SAYS slow Ada/)
    await home.write('.starcluster/plugins/lib/words.ts', `${words('second')}`)
    await home.write('.starcluster/plugins/lib/words.ts', `${words('third')}`)
    await home.write('go', '')
    await until(/SAYS slow Ada[\s\S]*ended well[\s\S]*SAYS third Ada[\s\S]*ended well[^\n]*Ctrl-C ends/)
    expect(output.match(/SAYS/g)).toHaveLength(2)
  } finally {
    child.kill('SIGINT')
  }
  expect(await ended).toBe(0)
})

test('watch of an unknown cluster says so and ends', async () => {
  const failed = await runCli(['watch', 'hello', 'tt'], { env: home.env })
  expect(failed).toMatchObject({ status: 1, output: expect.stringMatching(/cluster tt does not exist/) })
})
