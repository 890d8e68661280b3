import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { Pty } from '../support/pty.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const plugins = `import { ClusterSetup, log } from 'starcluster'

export class OneFails extends ClusterSetup {
  async run(nodes, master, user, userShell, volumes, { onEach }) {
    await onEach(nodes, async (node) => {
      await node.ssh.execute(node.alias === 'node001' ? 'echo no such queue >&2; exit 3' : 'sleep 1; touch /root/done')
    })
  }
}

export class Throws extends ClusterSetup {
  async run() {
    const settings = undefined
    log.info(settings.name)
  }
}

export class BadConstructor extends ClusterSetup {
  constructor() {
    super()
    throw new Error('no licence')
  }
  async run() {}
}

export class Forgets extends ClusterSetup {
  async run(nodes) {
    nodes[0].ssh.execute('sleep 30; exit 3')
  }
}

export class Needs extends ClusterSetup {
  constructor(pkgName) { super() }
  async run() {}
}
`

const config = `
[plugin onefails]
setup_class = faulty.OneFails
[plugin throws]
setup_class = faulty.Throws
[plugin badconstructor]
setup_class = faulty.BadConstructor
[plugin noclass]
setup_class = faulty.NoSuchClass
[plugin nofile]
setup_class = nosuchfile.X
[plugin forgets]
setup_class = faulty.Forgets
[plugin missing]
setup_class = faulty.Needs
[plugin misspelt]
setup_class = faulty.Needs
pkg_nmae = x
`

describe.skipIf(!canRunNodes)('what goes wrong on a cluster of three', () => {
  let home: TempHome
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })

  beforeAll(async () => {
    home = await tempHome({ '.starcluster/plugins/faulty.ts': plugins, '.starclusterrc': config })
    await ok('start', 'three', '-s', '3')
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  test('a command that fails on one node: the others finish; node, command, exit code and output are named', async () => {
    const run = await sc('runplugin', 'onefails', 'three')
    expect(run.status).toBe(1)
    expect(run.output).toMatch(/onefails/)
    expect(run.output).toMatch(/node001/)
    expect(run.output).toMatch(/echo no such queue >&2; exit 3/)
    expect(run.output).toMatch(/exit (code|status) 3/)
    expect(run.output).toMatch(/^.*no such queue$/m)
    expect(run.output).not.toMatch(/^\s+at /m)
    for (const node of ['master', 'node002']) await ok('sshnode', 'three', node, 'test -e /root/done')
  })

  test.each([
    ['throws', /throws[\s\S]*faulty\.ts:14/],
    ['badconstructor', /BadConstructor[\s\S]*faulty\.ts:21[\s\S]*no licence/],
    ['noclass', /NoSuchClass/],
    ['nofile', /nosuchfile/],
    ['missing', /missing[\s\S]*pkg_?[nN]ame/],
    ['misspelt', /pkg_nmae[\s\S]*pkg_?[nN]ame/],
  ])('plugin %s is refused with one clear message', async (name, message) => {
    const run = await sc('runplugin', name, 'three')
    expect(run.output).toMatch(message)
    expect(run.status).toBe(1)
    expect(run.output).not.toMatch(/^\s+at /m)
    expect(run.output).not.toMatch(/looks like a bug/)
  })

  test('a plugin that forgets an await does not keep the command from ending', async () => {
    const run = await runCli(['runplugin', 'forgets', 'three'], { env: home.env, timeoutMs: 25_000 })
    expect(run.output).toContain('Running plugin forgets')
  })

  test('a cluster that exists is not started again', async () => {
    const again = await sc('start', 'three')
    expect(again.status).toBe(1)
    expect(again.output).toMatch(/three[\s\S]*exists/)
    expect(again.output).toMatch(/start -x|terminate/)
  })

  test('two commands and a shell at the same time', async () => {
    await using shell = new Pty([process.execPath, program, 'shell'], { env: home.env, cwd: home.path })
    await shell.sees('[~]|1> ')
    shell.enter("const m = await (await cm.getCluster('three')).getMaster(); (await m.ssh.execute('hostname')).stdout")
    const [one, two] = await Promise.all([
      ok('sshmaster', 'three', 'hostname'),
      ok('sshnode', 'three', 'node002', 'hostname'),
    ])
    expect([one.stdout, two.stdout]).toEqual(['master\n', 'node002\n'])
    await shell.sees("'master\\n'")
    shell.enter('.exit')
    expect(await shell.exit()).toBe(0)
  })

  test('the daemon is killed: the next command finds the machines again', async () => {
    const { pid } = JSON.parse((await ok('local', 'status', '--json')).stdout)
    await ok('sshmaster', 'three', 'echo kept > /root/kept')
    process.kill(pid, 'SIGKILL')
    expect((await ok('sshmaster', 'three', 'cat /root/kept')).stdout).toBe('kept\n')
    expect((await ok('listclusters')).stdout.match(/running/g)).toHaveLength(3)
  })

  test('a machine is killed under us: listclusters shows it, the others work, terminate works', async () => {
    const init = (await ok('sshnode', 'three', 'node002', 'readlink /proc/1/ns/pid')).stdout.trim()
    const hostPid = execFileSync(
      'sh',
      [
        '-c',
        `for p in /proc/[0-9]*; do [ "$(readlink $p/ns/pid)" = '${init}' ] && echo "$(awk '/^NSpid/ {print $NF}' $p/status) \${p#/proc/}"; done; true`,
      ],
      { encoding: 'utf8' },
    )
      .split('\n')
      .find((line) => line.startsWith('1 '))
    process.kill(Number(hostPid?.split(' ')[1]), 'SIGKILL')
    const list = await waitFor(
      'the dead machine to be seen',
      async () => {
        const { stdout } = await ok('listclusters')
        return /node002 +(stopped|terminated|stopping)/.test(stdout) || !stdout.includes('node002') ? stdout : undefined
      },
      { timeoutMs: 60_000 },
    )
    expect(list).toMatch(/master +running/)
    await ok('sshmaster', 'three', 'true')
    const login = await sc('sshnode', 'three', 'node002', 'true')
    expect(login.status).toBe(1)
    expect(login.output).toMatch(/node002/)
    await ok('terminate', '-c', 'three')
    expect((await ok('listclusters')).stdout).toContain('No clusters')
  })

  test('Ctrl-C during a start says what is running and how to go on; start -x goes on', async () => {
    const start = await runCli(['start', 'half', '-s', '2'], { env: home.env, interruptAt: /Waiting for the nodes/ })
    expect(start.status).not.toBe(0)
    expect(start.output).toMatch(/start -x half/)
    expect(start.output).toMatch(/terminate half/)
    expect(start.output).not.toMatch(/^\s+at /m)
    await ok('start', '-x', 'half')
    expect((await ok('sshnode', 'half', 'node001', 'hostname')).stdout).toBe('node001\n')
    await ok('terminate', '-c', 'half')
  })

  test('Ctrl-C before anything was launched leaves nothing that terminate cannot remove', async () => {
    const start = await runCli(['start', 'early', '-s', '2'], { env: home.env, interruptAt: /Launching/ })
    expect(start.status).not.toBe(0)
    expect(start.output).toMatch(/early/)
    const left = await ok('listclusters')
    if (left.stdout.includes('early')) await ok('terminate', '-c', 'early')
    expect((await ok('listclusters')).stdout).toContain('No clusters')
  })

  test('stop and resume keep what is on the disks', async () => {
    await ok('start', 'night', '-s', '2')
    await ok('sshnode', 'night', 'node001', 'echo mine > /root/mine; echo ours > /home/ours')
    await ok('stop', '-c', 'night')
    expect((await ok('listclusters', 'night')).stdout).toMatch(/node001 +stop/)
    await ok('start', '-x', 'night')
    expect((await ok('sshnode', 'night', 'node001', 'cat /root/mine /home/ours')).stdout).toBe('mine\nours\n')
    await ok('restart', 'night')
    expect((await ok('sshmaster', 'night', 'cat /home/ours')).stdout).toBe('ours\n')
    await ok('terminate', '-c', 'night')
  })
})
