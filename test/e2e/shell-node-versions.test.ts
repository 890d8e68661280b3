import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { nodeOfVersion } from '../support/node-versions.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const plugin = (word: string) => `import { ClusterSetup, type Node } from 'starcluster'
export class Hello extends ClusterSetup {
  async run(nodes: Node[]) {
    for (const node of nodes) console.log((await node.ssh.execute('echo ${word} from $(hostname)')).stdout)
  }
}
`
const paste = (text: string) => `\x1b[200~${text}\x1b[201~`

describe.skipIf(!canRunNodes)('the shell on other versions of Node', () => {
  let home: TempHome

  beforeAll(async () => {
    home = await tempHome({
      '.starclusterrc': '[plugin hello]\nsetup_class = hello.Hello\n',
      '.starcluster/plugins/hello.ts': plugin('first'),
    })
    await cliOk(['start', 'one', '-s', '1'], { env: home.env, timeoutMs: 240_000 })
  })
  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test.each([22, 24])('Node %i', { timeout: 240_000 }, async (major) => {
    const node = await nodeOfVersion(major)
    if (node === undefined) return
    const env = { ...home.env, NO_COLOR: '1' }
    await home.write('.starcluster/plugins/hello.ts', plugin('first'))
    await using shell = new Pty([node, program, 'shell', '-p', 'one'], { cwd: home.path, env })
    await shell.sees('[~]|1> ')
    shell.enter('const count: number = await Promise.resolve(20); count + nodes.length')
    await shell.sees('\n21\n')
    shell.enter('process.version')
    await shell.sees(`'v${major}.`)
    shell.type(paste('function twice(n: number) {\n\treturn n * 2\n}\ntwice(count) + 2\n'))
    await shell.sees('\n42\n')
    shell.enter('.type twice(count)')
    await shell.sees('\nnumber\n', 120_000)
    shell.type('cm.runPlug\t')
    await shell.sees('cm.runPlugin')
    shell.enter("('hello', 'one')")
    await shell.sees('first from master')
    await home.write('.starcluster/plugins/hello.ts', plugin('second'))
    shell.enter("cm.runPlugin('hello', 'one')")
    await shell.sees('>>> Reloaded hello')
    await shell.sees('second from master')
    for (const code of ['while (true) {}', 'await new Promise(() => {})', "master.ssh.execute('sleep 1000')"]) {
      shell.enter(`console.log('be' + 'gun'); ${code}`)
      await shell.sees('begun\n')
      shell.ctrlC()
      await shell.sees('Interrupted\n')
    }
    shell.enter('!!one pgrep -x sleep || echo none')
    await shell.sees('master: none')
    shell.enter('.exit')
    expect(await shell.exit()).toBe(0)
    const status = async (code: string) => (await runCli(['shell', '-e', code], { env, node })).status
    expect([await status('1 + 1'), await status('nope'), await status('process.exit(7)')]).toEqual([0, 1, 7])
  })
})
