import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

/** Good, but for what the setting asks for. */
const plugin = `import { ClusterSetup, type Node } from 'starcluster'
export class Motd extends ClusterSetup {
  constructor(private mistake = 'none') { super() }
  async run(nodes: Node[]) {
    if (this.mistake === 'hangs') await nodes[0]!.ssh.execute('sleep 4243')
    for (const node of nodes) {
      await node.ssh.writeFile('/opt/greeting', 'hello\\n')
      if (this.mistake === 'appends') await node.ssh.execute('echo again >> /opt/log')
    }
  }
  async onAddNode(node: Node, nodes: Node[]) {
    if (this.mistake !== 'forgets') await this.run([node])
    if (this.mistake === 'remembers') await nodes[0]!.ssh.writeFile('/etc/motd-nodes', node.alias + '\\n')
  }
  async onRemoveNode(node: Node) { await node.ssh.execute('true') }
  async onRestart(nodes: Node[]) { await nodes[0]!.ssh.execute('true') }
  async onShutdown(nodes: Node[]) { if (this.mistake === 'remembers') await nodes[0]!.ssh.execute('exit 3') }
  async verify(nodes: Node[]) {
    for (const node of nodes) {
      const { stdout } = await node.ssh.execute('cat /opt/greeting || true')
      if (stdout !== 'hello\\n') throw new Error(node.alias + ' does not greet')
    }
  }
}
`

/** Looks like the plugin imports it: fails after a second run only. */
const ownTests = `import { testCluster } from 'starcluster/testing'
import { Node } from 'starcluster'
import { describe, expect, test } from 'vitest'
import { Tested } from './tested'

describe('greeting', () => {
  test('is there', async () => {
    const { master, nodes, step, user } = await testCluster()
    console.log('looking after', step)
    expect(master).toBeInstanceOf(Node)
    expect(user).toBe('sgeadmin')
    expect(new Tested().run).toBeTypeOf('function')
    const { stdout } = await nodes.at(-1)!.ssh.execute('cat /opt/tested')
    expect(stdout, nodes.at(-1)!.alias).toBe(step === 'run again' ? 'bye' : 'hi')
  })
  test('is no command', async () => {
    const { master, step } = await testCluster()
    if (step === 'run again') await master.ssh.execute('/opt/tested')
  })
})
`

interface Report {
  readonly steps: {
    readonly step: string
    readonly outcome: string
    readonly hooks: string[]
    readonly detail?: string
  }[]
}

describe.skipIf(!canRunNodes)('a plugin is taken through a whole life', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 280_000 })
  beforeAll(async () => {
    const sections = ['none', 'appends', 'forgets', 'remembers', 'hangs'].map(
      (mistake) => `[plugin ${mistake}]\nsetup_class = motd.Motd\nmistake = ${mistake}\n`,
    )
    home = await tempHome({ '.starclusterrc': sections.join('\n'), '.starcluster/plugins/motd.ts': plugin })
  })
  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('a good one passes every step, its hooks are told, and nothing is left', async () => {
    const { status, stdout, output } = await sc('test', '--strict', '--json', 'none')
    expect(status, output).toBe(0)
    const report: Report = JSON.parse(stdout)
    expect(report).toMatchObject({ plugin: 'none', passed: true, kept: false })
    const verified = (step: string, ...hooks: string[]) => [`${step}: ok ${hooks}`, `verify after: ${step}: ok `]
    expect(report.steps.map(({ step, outcome, hooks }) => `${step}: ${outcome} ${hooks}`)).toEqual([
      ...verified('start', 'run'),
      ...verified('run again', 'run'),
      ...verified('add a node', 'onAddNode node002'),
      ...verified('remove a node', 'onRemoveNode node002'),
      ...verified('restart', 'onRestart', 'run'),
      'stop: ok onShutdown',
      ...verified('start again', 'run'),
      'terminate: ok onShutdown',
    ])
    expect((await cliOk(['listclusters'], { env: home.env })).stdout).toMatch(/No clusters/)
  }, 290_000)

  test('one that forgets new nodes is found out; --keep leaves the cluster', async () => {
    const { status, stdout } = await sc('test', '--keep', 'forgets')
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /ok +add a node[\s\S]*FAILED +verify after: add a node[\s\S]*node002 does not greet[\s\S]*skipped restart/,
    )
    expect(stdout).toMatch(/what was logged in this step:\n +>>> Running plugin forgets/)
    expect(stdout).not.toMatch(/^>>>/m)
    expect(stdout).toMatch(/forgets FAILED: 1 of 6 steps/)
    const [, tag = ''] = /The cluster (test-forgets-\w+) is there for a look/.exec(stdout) ?? []
    expect((await cliOk(['listclusters', tag], { env: home.env })).stdout).toMatch(/Total nodes: 3/)
    // A second run that changes something is told, and fails when asked to be strict.
    const again = await sc('runplugin', '--diff', 'appends', tag)
    expect(again.stdout).toMatch(/\+ \/opt\/log/)
    await cliOk(['terminate', '-c', tag], { env: home.env })
  }, 290_000)

  test('one that is never done gets a remark', async () => {
    const { status, stdout } = await sc('test', '-s', '1', 'appends')
    expect(status, stdout).toBe(0)
    expect(stdout).toMatch(/remark +run again[\s\S]*a second run changes something:[\s\S]*~ \/opt\/log {2}\(content\)/)
    expect(stdout).toMatch(/appends passed: 14 steps in .*, 1 with a remark/)
  }, 290_000)

  test('a removed node that is still named gets a remark; a failing shutdown hook is named, and the cluster goes', async () => {
    const { status, stdout } = await sc('test', '-s', '1', 'remembers')
    expect(status, stdout).toBe(1)
    expect(stdout).toMatch(
      /remark +remove a node .*\n +files still name node001, which is removed:\n +master: \/etc\/motd-nodes/,
    )
    expect(stdout).toMatch(
      /FAILED +stop .* onShutdown\n +plugin remembers failed in onShutdown at .*motd\.ts:\d+: master: /,
    )
    expect(stdout).toMatch(/skipped start again\n[\s\S]*ok +terminate/)
    expect((await cliOk(['listclusters'], { env: home.env })).stdout).toMatch(/No clusters/)
  }, 290_000)

  test('one that hangs is ended at the deadline, with what it was doing', async () => {
    const { status, stdout } = await sc('test', '-s', '1', '--timeout', '40', 'hangs')
    expect(status, stdout).toBe(1)
    expect(stdout).toMatch(
      /FAILED +start .*\n +not done within 40 s: hangs was in run\n +running on master: sleep 4243/,
    )
    expect((await cliOk(['listclusters'], { env: home.env })).stdout).toMatch(/No clusters/)
  }, 290_000)

  test('Ctrl-C half way removes the cluster', async () => {
    await using terminal = new Pty([process.execPath, program, 'test', '-s', '1', 'hangs'], { env: home.env })
    await terminal.sees(/sleep 4243/, 120_000) // in the line that tells what is waited for
    terminal.ctrlC()
    await terminal.sees(/Interrupted: removing cluster test-hangs-\w+/)
    await terminal.sees(/the test of hangs was interrupted\s+its cluster test-hangs-\w+ is removed/, 120_000)
    expect(await terminal.exit()).toBe(130)
    expect((await cliOk(['listclusters'], { env: home.env })).stdout).toMatch(/No clusters/)
  }, 290_000)

  test('the tests beside it run after each step; one that fails is shown with its line', async () => {
    const dir = join(home.path, '.starcluster/plugins')
    const tested = "import { ClusterSetup, type Node } from 'starcluster'\nexport class Tested extends ClusterSetup {\n"
    await home.write(
      '.starcluster/plugins/tested.ts',
      `${tested}  async run(nodes: Node[]) { for (const node of nodes) await node.ssh.writeFile('/opt/tested', 'hi') }\n}\n`,
    )
    await home.write('.starcluster/plugins/tested.test.ts', ownTests)
    const before = readdirSync(dir)
    const { status, stdout } = await sc('test', 'tested.Tested')
    expect(status, stdout).toBe(1)
    expect(stdout).toMatch(/with .*tested\.test\.ts/)
    expect(stdout).toMatch(/ok +tests after: start .* 2 tests/)
    expect(stdout).toMatch(/FAILED +tests after: run again .*\n +2 of 2 tests failed/)
    expect(stdout).toMatch(
      /greeting > is there\n +\S+tested\.test\.ts:14\n +14 \| expect\(stdout.*\n +node001: expected 'hi' to be 'bye'/,
    )
    expect(stdout).toMatch(/greeting > is no command\n +\S+tested\.test\.ts:18\n.*\n +master: .*\/opt\/tested/)
    expect(stdout).toMatch(/what the tests printed:\n +looking after run again/)
    expect(readdirSync(dir)).toEqual(before)
    expect(existsSync(join(dir, 'node_modules'))).toBe(false)
  }, 290_000)

  test('what does not build launches nothing, nor does an unknown name', async () => {
    await home.write('.starcluster/plugins/motd.ts', 'export class {{{')
    const failed = await sc('test', 'none')
    expect(failed).toMatchObject({ status: 1, output: expect.stringMatching(/plugin none does not build/) })
    expect(failed.output).not.toMatch(/Testing|Launching/)
    expect(await sc('test', 'nonne')).toMatchObject({ status: 1, output: expect.stringMatching(/nonne.*\n?.*none/) })
    expect((await sc('test', '--timeout', 'soon', 'none')).status).toBe(2)
  })
})
