import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, program, runCli } from '../support/cli.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const DISK_ROOT = '/var/lib/starcluster/0'

vi.setConfig({ testTimeout: 300_000 })

describe.skipIf(!canRunNodes)('the computer, or somebody on it, ends things under a running cluster', () => {
  let home: TempHome
  /** Name of this HOME's directory among the disks, and in control groups. */
  let key = ''
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const state = (name: string) => join(home.path, '.local/share/starcluster/local', name)

  beforeAll(async () => {
    home = await tempHome()
    key = createHash('sha256').update(state('').replace(/\/$/, '')).digest('hex').slice(0, 16)
    await ok('start', 'one', '-s', '2')
  })

  afterAll(async () => {
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  })

  /** The kernel frees them some time after the last mount. */
  const loopsGone = () =>
    waitFor('the loop devices to be freed', async () => loops(key).length === 0, { timeoutMs: 60_000 })

  /** As when the power fails: daemon and supervisor are gone at once, the boot id is another one afterwards. */
  async function powerCut(): Promise<void> {
    const { pid } = JSON.parse((await ok('local', 'status', '--json')).stdout)
    process.kill(pid, 'SIGKILL')
    for (const one of processesOf(key)) kill(one)
    await waitFor('all to be gone', async () => processesOf(key).length === 0, { timeoutMs: 30_000 })
    const file = state('daemon.json')
    const info = JSON.parse(await readFile(file, 'utf8'))
    info.process.bootId = '00000000-0000-0000-0000-000000000000'
    await writeFile(file, JSON.stringify(info))
  }

  test('the computer is booted again: machines show as stopped and say why; start -x goes on with their disks', async () => {
    await ok('sshmaster', 'one', 'echo ours > /home/ours; echo mine > /root/mine; sync')
    await powerCut()
    await loopsGone()
    const list = await ok('listclusters', 'one')
    expect(list.stdout.match(/stopped/g)?.length).toBeGreaterThanOrEqual(2)
    const log = await ok('local', 'logs')
    expect(log.stdout.match(/is stopped: its node had ended when the local cloud started/g)).toHaveLength(2)
    const login = await sc('sshmaster', 'one', 'true')
    expect(login.status).not.toBe(0)
    expect(login.output).toMatch(/stopped/)
    await ok('start', '-x', 'one')
    expect((await ok('sshnode', 'one', 'node001', 'cat /home/ours')).stdout).toBe('ours\n')
    expect((await ok('sshmaster', 'one', 'cat /root/mine')).stdout).toBe('mine\n')
  })

  test('a start whose command is killed, and killed again while it configures the nodes, can be gone on with', async () => {
    await killedAt(/Waiting for the nodes/, 'start', 'two', '-s', '2')
    await killedAt(/Configuring the cluster/, 'start', '-x', 'two')
    await ok('start', '-x', 'two')
    expect((await ok('sshnode', 'two', 'node001', 'hostname')).stdout).toBe('node001\n')
    const asUser = "su - sgeadmin -c 'touch shared; ssh -o BatchMode=yes master ls shared'"
    expect((await ok('sshnode', 'two', 'node001', asUser)).stdout).toBe('shared\n')
  })

  /** Runs the command line until it has said this, and kills it there. */
  async function killedAt(point: RegExp, ...words: string[]): Promise<void> {
    const command = spawn(process.execPath, [program, ...words], { env: home.env, cwd: home.path })
    let said = ''
    command.stdout.on('data', (text) => (said += text))
    command.stderr.on('data', (text) => (said += text))
    await waitFor(`${point} from ${words}`, async () => point.test(said), { timeoutMs: 120_000, intervalMs: 20 })
    command.kill('SIGKILL')
  }

  test('stop, start and terminate of one cluster at once: each ends in order, and terminate has the last word', async () => {
    const [stop, start] = await Promise.all([sc('stop', '--confirm', 'two'), sc('start', '-x', 'two')])
    for (const one of [stop, start]) expect(one.output).not.toMatch(/^\s+at |looks like a bug/m)
    const both = await Promise.all([sc('restart', 'two'), sc('terminate', '--confirm', 'two')])
    for (const one of both) expect(one.output).not.toMatch(/^\s+at |looks like a bug/m)
    await sc('terminate', '--confirm', 'two')
    expect((await ok('listclusters')).stdout).not.toContain('two')
    expect((await ok('sshmaster', 'one', 'cat /root/mine')).stdout).toBe('mine\n')
  })

  test('after a power cut reset frees everything: processes, loop devices, mounts, groups, directories, state', async () => {
    await powerCut()
    await ok('local', 'reset', '--confirm')
    expect(processesOf(key)).toEqual([])
    await loopsGone()
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(key)
    expect(execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', `starcluster-${key}`]).toString()).toBe(
      '',
    )
    expect(existsSync(join(DISK_ROOT, 'homes', key))).toBe(false)
    const images = [...readdirSync(join(DISK_ROOT, 'images')), ...readdirSync(join(DISK_ROOT, 'images/layers'))]
    expect(images.filter((name) => name.includes(key))).toEqual([])
    expect(existsSync(state('state.json'))).toBe(false)
    expect((await ok('listclusters')).stdout).toContain('No clusters')
  })
})

/** Processes that name a home: its supervisor first of all, with which the kernel ends every machine. */
function processesOf(key: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    try {
      const dead = /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      return !dead && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(key)
    } catch {
      return false // it ended while we looked
    }
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const loops = (key: string) =>
  execFileSync('losetup', ['-l', '-n', '-O', 'BACK-FILE'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(key))
