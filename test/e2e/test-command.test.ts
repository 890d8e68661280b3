import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

/** Good, but for what the setting asks for. */
const plugin = `import { ClusterSetup, type Node } from 'starcluster'
export class Motd extends ClusterSetup {
  constructor(private mistake = 'none') { super() }
  async run(nodes: Node[]) {
    for (const node of nodes) {
      await node.ssh.writeFile('/opt/greeting', 'hello\\n')
      if (this.mistake === 'appends') await node.ssh.execute('echo again >> /opt/log')
    }
  }
  async onAddNode(node: Node) { if (this.mistake !== 'forgets') await this.run([node]) }
  async verify(nodes: Node[]) {
    for (const node of nodes) {
      const { stdout } = await node.ssh.execute('cat /opt/greeting || true')
      if (stdout !== 'hello\\n') throw new Error(node.alias + ' does not greet')
    }
  }
}
`

describe.skipIf(!canRunNodes)('a plugin is taken through a whole life', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 280_000 })
  beforeAll(async () => {
    const sections = ['none', 'appends', 'forgets'].map(
      (mistake) => `[plugin ${mistake}]\nsetup_class = motd.Motd\nmistake = ${mistake}\n`,
    )
    home = await tempHome({ '.starclusterrc': sections.join('\n'), '.starcluster/plugins/motd.ts': plugin })
  })
  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('a good one passes every step, and nothing is left', async () => {
    const { status, stdout, output } = await sc('test', '--strict', '--json', 'none')
    expect(status, output).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ plugin: 'none', passed: true, kept: false })
    const steps = ['start', 'run again', 'add a node', 'remove a node', 'restart', 'stop', 'start again']
    expect(report.steps.map((one: { step: string; outcome: string }) => `${one.step}: ${one.outcome}`)).toEqual(
      steps.flatMap((step) => (step === 'stop' ? ['stop: ok'] : [`${step}: ok`, `verify after: ${step}: ok`])),
    )
    expect((await cliOk(['listclusters'], { env: home.env })).stdout).toMatch(/No clusters/)
  }, 290_000)

  test('one that forgets new nodes is found out; --keep leaves the cluster', async () => {
    const { status, stdout } = await sc('test', '--keep', 'forgets')
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /ok +add a node[\s\S]*FAILED +verify after: add a node[\s\S]*node002 does not greet[\s\S]*skipped restart/,
    )
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
    expect(stdout).toMatch(/appends passed: 13 steps in .*, 1 with a remark/)
  }, 290_000)

  test('what does not build launches nothing', async () => {
    await home.write('.starcluster/plugins/motd.ts', 'export class {{{')
    const failed = await sc('test', 'none')
    expect(failed).toMatchObject({ status: 1, output: expect.stringMatching(/plugin none does not build/) })
    expect(failed.output).not.toMatch(/Launching/)
  })
})
