import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRunNodes, DISK_ROOT, Machines, SLOW } from './machines.js'

describe.skipIf(!canRunNodes)('the life of a node', () => {
  const machines = new Machines()
  const out = machines.out.bind(machines)
  const run = machines.run.bind(machines)
  const { home } = machines

  beforeAll(async () => {
    await machines.open()
    machines.userData.set(
      'i-2',
      Buffer.from('#!/bin/sh\necho user data of $(hostname)\necho ran >> /root/user-data-ran\n'),
    )
    const config =
      '#cloud-config\nruncmd:\n - echo from cloud-config > /root/cc\n - [sh, -c, "echo $0 >> /root/cc", "two words"]\nssh_authorized_keys:\n - ssh-ed25519 AAAAexample me\n'
    machines.userData.set('i-3', Buffer.from(config))
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'three boot at once, are reached by ssh, with keys, names and user data',
    async () => {
      const reports = await Promise.all([2, 3, 4].map((number) => machines.engine.boot(machines.spec(number))))
      expect(reports).toEqual([2, 3, 4].map(() => ({ firstBoot: true })))
      expect(await machines.engine.boot(machines.spec(2))).toEqual({ firstBoot: false })
      expect([...(await machines.engine.list())].sort()).toEqual([2, 3, 4].map((number) => [`i-${number}`, 'running']))
      expect(await out(2, 'hostname; getent hosts $(hostname)')).toMatch(/^ip-10-78-5-2\n10\.78\.5\.2 +ip-10-78-5-2$/)
      await machines.until('user data ran', async () =>
        (await machines.engine.console('i-2')).includes('Boot finished'),
      )
      expect(await machines.engine.console('i-2')).toContain('user data of ip-10-78-5-2')
      await machines.until('cloud-config ran', async () =>
        (await machines.engine.console('i-3')).includes('Boot finished'),
      )
      expect(await out(3, 'cat /root/cc; cat /root/.ssh/authorized_keys')).toContain('from cloud-config\ntwo words\n')
      expect(await out(3, 'cat /root/.ssh/authorized_keys')).toContain('ssh-ed25519 AAAAexample me')
    },
    SLOW,
  )

  test(
    'the console shows the host key that sshd then presents',
    async () => {
      const text = await machines.engine.console('i-2')
      const key = /-----BEGIN SSH HOST KEY KEYS-----\n(ssh-ed25519 \S+).*\n-----END SSH HOST KEY KEYS-----/.exec(
        text,
      )?.[1]
      expect(await out(2, 'cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub')).toBe(key)
      const scanned = execFileSync('ssh-keyscan', [
        '-t',
        'ed25519',
        '-p',
        '22022',
        machines.spec(2).publicIp,
      ]).toString()
      expect(scanned).toContain(key)
      const print = /BEGIN SSH HOST KEY FINGERPRINTS-----\n256 (SHA256:\S+)/.exec(text)?.[1]
      expect(execFileSync('ssh-keygen', ['-lf', '-'], { input: key ?? '' }).toString()).toContain(print)
    },
    SLOW,
  )

  test(
    'the metadata service wants a token and answers for who asks',
    async () => {
      expect(await out(2, 'curl -s -o /dev/null -w "%{http_code}" http://169.254.169.254/latest/meta-data/')).toBe(
        '401',
      )
      const token =
        'T=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token); get() { curl -s -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/$1; echo; }'
      expect(
        await out(2, `${token}; get meta-data/instance-id; get meta-data/placement/; get user-data | head -1`),
      ).toBe('i-2\navailability-zone\n#!/bin/sh')
      expect(await out(4, `${token}; get meta-data/instance-id`)).toBe('i-4')
    },
    SLOW,
  )

  test(
    'apt installs at the first try, and a service starts when it is installed',
    async () => {
      await out(2, 'DEBIAN_FRONTEND=noninteractive apt-get -y -q install at')
      expect(await out(2, 'systemctl is-active atd')).toBe('active')
      expect(await out(2, 'ps -C atd -o comm=')).toBe('atd')
    },
    SLOW,
  )

  test(
    'stop and start keep disk, host key and address; user data does not run again',
    async () => {
      const key = await out(2, 'cat /etc/ssh/ssh_host_ed25519_key.pub; echo kept > /root/kept')
      await machines.engine.stop('i-2')
      expect((await machines.engine.list()).get('i-2')).toBe('stopped')
      expect((await run(2, 'true')).exitCode).toBe(255)
      expect(await machines.engine.boot(machines.spec(2))).toEqual({ firstBoot: false })
      expect(await out(2, 'cat /etc/ssh/ssh_host_ed25519_key.pub')).toBe(key)
      expect(await out(2, 'cat /root/kept /root/user-data-ran; hostname -I')).toMatch(/^kept\nran\n10\.78\.5\.2\s*$/)
      expect(machines.exits).toEqual([])
    },
    SLOW,
  )

  test(
    'reboot from inside comes back by itself, poweroff from inside is told',
    async () => {
      await out(3, 'touch /run/this-boot; hostname renamed; echo renamed > /etc/hostname')
      await run(3, 'reboot')
      await machines.until('it is back', async () => (await run(3, 'test ! -e /run/this-boot')).exitCode === 0)
      expect(await out(3, 'hostname')).toBe('renamed')
      expect(machines.exits).toEqual([])
      await run(3, 'shutdown -h now')
      await machines.until('its end is told', () => machines.exits.includes('i-3'))
      expect((await machines.engine.list()).get('i-3')).toBe('stopped')
      await machines.engine.boot(machines.spec(3))
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
      process.kill(machines.hostPid('i-4'), 'SIGKILL')
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
