import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DISK_ROOT, type Machines, SLOW } from '../machines.js'
import type { Abilities } from './abilities.js'

const EVIL = 12
const OTHER = 13
const FRESH = 14
const idOf = (number: number) => `i-${number}`

/** What root of a node does to its own machine stays there. */
export function isolationContract(machines: () => Machines, abilities: Abilities): void {
  const out = (...args: Parameters<Machines['out']>) => machines().out(...args)
  const run = (...args: Parameters<Machines['run']>) => machines().run(...args)
  const evil = () => machines().spec(EVIL, { memoryMiB: 512, pids: 200 })
  const hostFile = join(mkdtempSync(join(homedir(), '.sc-isolation-')), 'secret')

  beforeAll(async () => {
    writeFileSync(hostFile, machines().secret)
    await machines().engine.boot(evil())
    await machines().engine.boot(machines().spec(OTHER))
    await out(OTHER, `echo ${machines().secret} > /root/secret`)
  }, SLOW)
  afterAll(() => rmSync(join(hostFile, '..'), { recursive: true }))

  const othersAreWell = async () => {
    expect(await out(OTHER, 'cat /root/secret')).toBe(machines().secret)
    expect(readFileSync(hostFile, 'utf8')).toBe(machines().secret)
  }

  test(
    'only its own processes, files and mounts are there',
    async () => {
      expect(await out(EVIL, 'ps ax -o pid= | wc -l').then(Number)).toBeLessThan(20)
      expect(await out(EVIL, `grep -rsl ${machines().secret} / --exclude-dir=proc --exclude-dir=sys; true`)).toBe('')
      const mounts = await out(EVIL, 'cat /proc/self/mountinfo')
      expect(mounts).not.toContain(homedir() === '/' ? '/no-home' : ` ${homedir()} `)
      const onDisk = mounts.split('\n').filter((line) => / - (ext4|xfs|btrfs) /.test(line))
      expect(onDisk).toEqual([])
      // Up through every directory handle a process has: still the node's own root.
      expect(await out(EVIL, 'cd /; cd ../../../..; ls -id . | cut -d" " -f1')).toBe(
        await out(EVIL, 'ls -id / | cut -d" " -f1'),
      )
    },
    SLOW,
  )

  test(
    'no device of the host can be made, read or mounted',
    async () => {
      expect((await run(EVIL, 'mknod /tmp/disk b 254 0')).stderr).toContain('Operation not permitted')
      expect((await run(EVIL, 'mknod /tmp/mem c 1 1')).exitCode).not.toBe(0)
      expect(await out(EVIL, 'find / -xdev \\( -type b \\) 2>/dev/null; ls -l /dev | grep ^b; true')).toBe('')
      for (const type of ['devtmpfs', 'ext4']) {
        expect((await run(EVIL, `mkdir -p /mnt/x; mount -t ${type} /dev/vda /mnt/x`)).exitCode).not.toBe(0)
      }
      expect((await run(EVIL, 'cat /proc/kcore > /dev/null')).exitCode).not.toBe(0)
      expect((await run(EVIL, 'losetup -f /etc/hostname')).exitCode).not.toBe(0)
    },
    SLOW,
  )

  test(
    'settings of the host cannot be written',
    async () => {
      const settings = () =>
        ['vm/swappiness', 'kernel/pid_max', 'fs/file-max'].map((name) => readFileSync(`/proc/sys/${name}`, 'utf8'))
      const before = settings()
      const writable = await out(
        EVIL,
        'for f in $(find /proc/sys -type f -not -path "/proc/sys/net/*" -not -path "/proc/sys/user/*" -not -path "/proc/sys/fs/mqueue/*"); do v=$(cat $f 2>/dev/null) && echo "$v" > $f && echo $f; done 2>/dev/null; true',
      )
      // These are of the node's own name, process, message and ipc spaces.
      const own = /^\/proc\/sys\/kernel\/(hostname|domainname|shm|msg|sem|auto_msgmni|ns_last_pid|pid_max)/
      expect(writable.split('\n').filter((path) => path && !own.test(path))).toEqual([])
      await run(EVIL, 'echo 400 > /proc/sys/kernel/pid_max')
      expect(settings()).toEqual(before)
      for (const path of ['/proc/sysrq-trigger', '/sys/power/state', '/sys/class/net/lo/mtu']) {
        expect((await run(EVIL, `echo 1 > ${path}`)).exitCode).not.toBe(0)
      }
      for (const command of [
        'date -s 2001-01-01',
        'swapon /etc/hostname',
        'dmesg',
        'modprobe dummy',
        'chown 70000 /tmp',
      ]) {
        expect((await run(EVIL, command)).exitCode, command).not.toBe(0)
      }
      // What it takes from its own share of namespaces is missed by nobody else.
      await run(EVIL, 'for f in /proc/sys/user/max_*; do echo 0 > $f; done')
      expect((await run(OTHER, 'unshare -mpinf true')).exitCode).toBe(0)
    },
    SLOW,
  )

  test(
    'its network reaches neither the host nor in the name of others',
    async () => {
      const port = await listenOnHost()
      try {
        for (const address of ['127.0.0.1', '10.78.0.2', '10.78.0.1']) {
          const answer = await run(EVIL, `curl -s -m 3 http://${address}:${port.number}/`)
          expect(answer.stdout, address).not.toContain(machines().secret)
        }
      } finally {
        port.close()
      }
      const other = machines().spec(OTHER).privateIp
      // With the other node's address it gets no answer from the metadata service.
      const asOther = await run(
        EVIL,
        `ip addr add ${other}/32 dev eth0; curl -s -m 3 --interface ${other} http://169.254.169.254/ ; echo $?; ip addr del ${other}/32 dev eth0`,
      )
      expect(asOther.stdout).toBe('28')
    },
    SLOW,
  )

  test(
    'a fork bomb meets a limit and leaves the others in peace',
    async () => {
      await run(EVIL, "timeout 10 bash -c 'b() { b | b & b; }; b' >/dev/null 2>&1; true")
      await othersAreWell()
      const { processes } = await machines().engine.usage(idOf(EVIL))
      expect(processes).toBeLessThanOrEqual(200)
      await machines().engine.stop(idOf(EVIL), { force: true })
      await machines().engine.boot(evil())
    },
    SLOW,
  )

  test.skipIf(!abilities.memory)(
    'a memory bomb is killed, its node lives on',
    async () => {
      const bomb = await run(EVIL, `perl -e 'my @all; push @all, "x" x 10_000_000 while 1'`)
      expect(bomb.exitCode).not.toBe(0)
      await run(EVIL, 'dd if=/dev/zero of=/dev/shm/fill bs=1M count=4000; rm -f /dev/shm/fill')
      await othersAreWell()
      await machines().until('one can log in again', async () => (await run(EVIL, 'echo alive')).stdout === 'alive')
    },
    SLOW,
  )

  test.skipIf(!abilities.disk)(
    'a full disk is its own disk',
    async () => {
      expect(Number(await out(EVIL, 'df -k --output=size / | tail -1'))).toBeLessThan(9 * 2 ** 20)
      const free = () => statfsSync(DISK_ROOT).bavail * statfsSync(DISK_ROOT).bsize
      const before = free()
      // Space that is promised but not written: the file system refuses more than it has.
      const full = await run(
        EVIL,
        'fallocate -l 7G /fill1; fallocate -l 7G /fill2; dd if=/dev/zero of=/fill3 bs=1M count=2000',
      )
      expect(full.stderr).toContain('No space left on device')
      expect(before - free()).toBeLessThan(3 * 2 ** 30)
      await othersAreWell()
      await run(EVIL, 'rm -f /fill*')
    },
    SLOW,
  )

  test(
    'a console that is written without end stays small',
    async () => {
      await run(EVIL, 'timeout 3 yes "flood flood flood" > /dev/console')
      expect((await machines().engine.console(idOf(EVIL))).length).toBeLessThanOrEqual(65_536)
      await othersAreWell()
    },
    SLOW,
  )

  test(
    'kill -9 -1 ends its own processes, and one can log in again',
    async () => {
      const held = Number(await out(OTHER, 'sleep 1000 >/dev/null 2>&1 </dev/null & echo $!'))
      await run(EVIL, 'kill -9 -1')
      await machines().until('sshd is back', async () => (await run(EVIL, 'true')).exitCode === 0)
      expect((await run(OTHER, `kill -0 ${held}`)).exitCode).toBe(0)
      await othersAreWell()
    },
    SLOW,
  )

  test(
    'rm -rf of everything removes its own files only',
    async () => {
      await out(OTHER, 'echo "/home *(rw)" > /etc/exports; exportfs -ra')
      await run(EVIL, 'timeout 60 rm -rf --one-file-system --no-preserve-root / 2>/dev/null')
      await run(EVIL, 'timeout 60 rm -rf --no-preserve-root / 2>/dev/null')
      await othersAreWell()
      expect(execFileSync('ls', ['/']).toString()).toContain('etc')
      // A new node from the same image is whole.
      await machines().engine.boot(machines().spec(FRESH))
      expect(await out(FRESH, 'ls /usr/bin/perl')).toBe('/usr/bin/perl')
      await machines().engine.remove(idOf(EVIL))
      expect((await machines().engine.list()).has(idOf(EVIL))).toBe(false)
    },
    SLOW,
  )

  async function listenOnHost() {
    const { createServer } = await import('node:http')
    const server = createServer((_, response) => response.end(machines().secret))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { number: (server.address() as { port: number }).port, close: () => server.close() }
  }
}
