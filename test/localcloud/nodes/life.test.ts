import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canReachOut } from '../../../src/localcloud/daemon/way-out.js'
import { canRunNodes, DISK_ROOT, Machines, SLOW } from './machines.js'

/** What holds of every back end is in contract/life.ts. */
describe.skipIf(!canRunNodes)('the life of a node', async () => {
  const machines = new Machines()
  const out = machines.out.bind(machines)
  const run = machines.run.bind(machines)
  const { home } = machines

  beforeAll(async () => {
    await machines.open()
    await Promise.all([2, 3, 4].map((number) => machines.engine.boot(machines.spec(number))))
    await out(2, 'echo kept > /root/kept')
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test.skipIf(!(await canReachOut()))(
    'apt installs at the first try, and a service starts when it is installed',
    async () => {
      await out(2, 'DEBIAN_FRONTEND=noninteractive apt-get -y -q install at')
      expect(await out(2, 'systemctl is-active atd')).toBe('active')
      expect(await out(2, 'ps -C atd -o comm=')).toBe('atd')
    },
    SLOW,
  )

  test(
    'an idle node is small',
    async () => {
      await machines.until('it is idle', async () => (await machines.engine.usage('i-4')).processes <= 3)
      const { memoryBytes, processes } = await machines.engine.usage('i-4')
      expect(processes).toBeGreaterThan(0)
      expect(memoryBytes).toBeLessThan(5 * 2 ** 20)
    },
    SLOW,
  )

  test(
    'nodes outlive the engine: after close and after SIGKILL of its process they are adopted',
    async () => {
      await machines.engine.close()
      expect((await run(2, 'true')).exitCode).toBe(255)
      machines.engine = machines.newEngine()
      await machines.engine.open()
      expect(await out(2, 'cat /root/kept')).toBe('kept')
      await machines.engine.close()
      const owner = spawn(
        process.execPath,
        ['--import', 'tsx', join(import.meta.dirname, 'engine-owner.ts'), machines.dir],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      await new Promise((resolve, reject) => {
        owner.stdout.once('data', resolve)
        owner.once('exit', (status) => reject(new Error(`the owner of the engine ended with ${status}`)))
      })
      expect(await out(2, 'cat /root/kept')).toBe('kept')
      const gone = new Promise((resolve) => owner.once('exit', resolve))
      owner.kill('SIGKILL')
      await gone
      machines.engine = machines.newEngine()
      await machines.engine.open()
      expect((await machines.engine.list()).get('i-2')).toBe('running')
      await machines.until('it can be reached', async () => (await run(2, 'true')).exitCode === 0)
    },
    SLOW,
  )

  test(
    'a node killed from outside is told and can be started again',
    async () => {
      machines.exits.length = 0
      process.kill(await machines.hostPid('i-4'), 'SIGKILL')
      await machines.until('its end is told', () => machines.exits.includes('i-4'))
      await machines.engine.boot(machines.spec(4))
      expect(await out(4, 'echo again')).toBe('again')
    },
    SLOW,
  )

  test(
    'a node that spoiled its own tree is told so at every boot, not waited for',
    async () => {
      await machines.engine.boot(machines.spec(5))
      await out(5, 'umount -l /sys && rmdir /sys && touch /sys')
      await machines.engine.stop('i-5')
      for (let turn = 0; turn < 20; turn++) {
        await expect(machines.engine.boot(machines.spec(5))).rejects.toThrow(
          'mounting /node/sys: mount: Not a directory',
        )
      }
      await machines.engine.remove('i-5')
    },
    SLOW,
  )

  test(
    'two homes at once do not meet',
    async () => {
      const second = new Machines()
      try {
        await second.open()
        expect(second.engine.publicPrefix).not.toBe(machines.engine.publicPrefix)
        await second.engine.boot(second.spec(2))
        await second.out(2, 'touch /root/second')
        expect(await out(2, 'ls /root')).not.toContain('second')
        expect((await second.run(2, 'ping -c 1 -W 1 10.78.5.4')).exitCode).not.toBe(0)
      } finally {
        await second.dispose()
      }
    },
    SLOW,
  )

  test(
    'reset leaves no process, mount, group, link, port or file',
    async () => {
      const supervisor = pids(home)
      expect(supervisor.length).toBeGreaterThan(0)
      const { publicIp } = machines.spec(2)
      await machines.engine.reset()
      expect(pids(home)).toEqual([])
      expect(existsSync(join(DISK_ROOT, 'homes', home))).toBe(false)
      expect(execFileSync('sh', ['-c', `find /sys/fs/cgroup -maxdepth 2 -name "starcluster-${home}"`]).toString()).toBe(
        '',
      )
      expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(home)
      expect(execFileSync('losetup', ['-l', '-n', '-O', 'BACK-FILE']).toString()).not.toContain(home)
      expect(execFileSync('sh', ['-c', 'ip -o link || true']).toString()).not.toContain('scbr0')
      expect((await run(2, 'true')).exitCode).toBe(255)
      const listening = readFileSync('/proc/net/tcp', 'utf8')
        .split('\n')
        .filter((line) => / 0A /.test(line))
      expect(listening.filter((line) => line.includes(hexAddress(publicIp, 22022)))).toEqual([])
    },
    SLOW,
  )

  const pids = (word: string) =>
    execFileSync('sh', ['-c', `grep -lsa ${word} /proc/[0-9]*/cmdline || true`])
      .toString()
      .split('\n')
      .filter((path) => path && !path.includes('self') && alive(path))
  const alive = (path: string) =>
    existsSync(path) && !/\) Z /.test(readFileSync(path.replace('cmdline', 'stat'), 'utf8'))

  function hexAddress(ip: string, port: number): string {
    const bytes = ip
      .split('.')
      .reverse()
      .map((part) => Number(part).toString(16).padStart(2, '0'))
    return `${bytes.join('')}:${port.toString(16)}`.toUpperCase()
  }
})
