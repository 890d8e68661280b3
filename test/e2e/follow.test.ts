import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const plugin = `import { ClusterSetup, log, type Node, type SetupContext, type Volumes } from 'starcluster'
export class Slow extends ClusterSetup {
  async run(nodes: Node[], master: Node, _user: string, _shell: string, _volumes: Volumes, { onEach }: SetupContext) {
    await onEach(nodes, (node) => node.ssh.execute('echo begun; sleep 2.5; echo over'))
    log.info('half way')
    await master.ssh.execute('echo secret $TOKEN', { env: { TOKEN: 'x1y2' }, logOutput: false, label: 'the quiet one' })
  }
}
`

describe.skipIf(!canRunNodes)('what nodes are doing can be followed', () => {
  let home: TempHome
  beforeAll(async () => {
    home = await tempHome({
      '.starclusterrc': '[plugin slow]\nsetup_class = slow.Slow\n',
      '.starcluster/plugins/slow.ts': plugin,
    })
    await cliOk(['start', 't', '-s', '2'], { env: home.env, timeoutMs: 240_000 })
  })
  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('a terminal shows what is waited for, below what is logged, and no trace of it at the end', async () => {
    await using pty = new Pty([process.execPath, program, 'runplugin', 'slow', 't'], { env: home.env })
    await pty.sees(/\d s {2}master,node001: echo begun; sleep 2\.5; echo over/)
    await pty.sees('half way')
    expect(await pty.exit()).toBe(0)
    // Every time it is shown it is taken away before anything else is.
    expect(pty.raw).toContain('\r\x1b[K\x1b[32m>>> \x1b[39mhalf way')
    expect(pty.raw.split(/\d s {2}master/).slice(1)).toSatisfy((parts: string[]) =>
      parts.every((part) => /^[^\n]*?\r\x1b\[K/.test(part)),
    )
  })

  test('--verbose prints output as it comes, but none that is to stay out of the log; --timeline tells when', async () => {
    const args = ['runplugin', '--verbose', '--timeline', 'slow', 't']
    const { stdout, stderr, output } = await cliOk(args, { env: home.env })
    expect(stdout).toMatch(/node001: begun\n[\s\S]*node001: over\n[\s\S]*>>> half way/)
    expect(output).not.toContain('x1y2')
    expect(stderr).toMatch(/ {2}at s {2}took\n/)
    expect(stderr).toMatch(/^ +\d+\.\d\d +\d+\.\d\d {2}master,node001 {2}echo begun/m)
    expect(stderr).toMatch(/^ +\d+\.\d\d +\d+\.\d\d {2}master +the quiet one$/m)
    // No status line where no terminal is.
    expect(output).not.toContain('\x1b[K')
  })

  test('--timeline of a run that fails names the command that failed', async () => {
    await home.write('.starcluster/plugins/slow.ts', plugin.replace('echo secret $TOKEN', 'false'))
    const failed = await runCli(['runplugin', '--timeline', 'slow', 't'], { env: home.env })
    expect(failed.status).toBe(1)
    expect(failed.stderr).toMatch(/the quiet one FAILED/)
  })
  test('what a failing command said is shown at once, while others work on; a failure that is an answer is not', async () => {
    await home.write(
      '.starcluster/plugins/slow.ts',
      plugin
        .replace(
          "'echo begun; sleep 2.5; echo over'",
          "node.isMaster() ? 'until test -e /root/go; do sleep 0.1; done' : 'echo no room; exit 7'",
        )
        .replace(
          '(node) => node',
          "async (node) => (await node.ssh.execute('exit 3', { ignoreExitStatus: true })) && node",
        ),
    )
    await using pty = new Pty([process.execPath, program, 'runplugin', 'slow', 't'], { env: home.env })
    await pty.sees(/WARNING - node001: command failed \(exit code 7\): echo no room; exit 7\n.*no room\n/)
    // Only now can the run end.
    await cliOk(['sshmaster', 't', 'touch /root/go'], { env: home.env })
    await pty.sees(/ERROR - plugin slow failed in run.*1 of 2 nodes failed/)
    expect(await pty.exit()).toBe(1)
    expect(pty.text).not.toContain('exit code 3')
  })

  test('Ctrl-C takes the line away', async () => {
    await home.write('.starcluster/plugins/slow.ts', plugin.replace('sleep 2.5', 'sleep 600'))
    await using pty = new Pty([process.execPath, program, 'runplugin', 'slow', 't'], { env: home.env })
    await pty.sees(/\d s {2}master,node001: echo begun; sleep 600/)
    pty.ctrlC()
    expect(await pty.exit()).toBe(130)
    expect(pty.raw).toSatisfy((raw: string) => raw.slice(raw.lastIndexOf('sleep 600')).includes('\r\x1b[K'))
    expect(pty.text).not.toMatch(/sleep 600[^\n]*$/)
  })
})
