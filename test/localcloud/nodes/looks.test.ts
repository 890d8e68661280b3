import { cpus, totalmem } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRunNodes, isRoot, Machines, SLOW } from './machines.js'

const SMALL = 22
const LARGE = 23

describe.skipIf(!canRunNodes)('a node looks like its instance type', () => {
  const machines = new Machines()
  const out = machines.out.bind(machines)

  beforeAll(async () => {
    await machines.open()
    await machines.engine.boot(machines.spec(SMALL, { cpus: 1, memoryMiB: 512 }))
    await machines.engine.boot({ ...machines.spec(LARGE, { cpus: 4096, memoryMiB: 2 ** 24 }), diskGiB: 40 })
  }, SLOW)
  afterAll(() => machines.dispose(), SLOW)

  test(
    'memory and CPUs are those of the type',
    async () => {
      expect(await out(SMALL, 'nproc; getconf _NPROCESSORS_ONLN; grep -c ^processor /proc/cpuinfo')).toBe('1\n1\n1')
      expect(await out(SMALL, "lscpu | awk '/^CPU\\(s\\)/ {print $2}'")).toBe('1')
      expect(await out(SMALL, "free -m | awk '/^Mem/ {print $2, ($4 > 400), ($7 > 400)}; /^Swap/ {print $2}'")).toBe(
        '512 1 1\n0',
      )
      expect(await out(SMALL, 'systemctl restart cron && su -s /bin/sh nobody -c nproc')).toBe('1')
    },
    SLOW,
  )

  test.skipIf(!isRoot)(
    'memory that is used is gone from what is free, and there again afterwards',
    async () => {
      const free = async () => Number(await out(SMALL, "awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo"))
      const before = await free()
      expect(before).toBeGreaterThan(350)
      const hold = 'my $x = "x" x 200_000_000; print "held\\n"; sleep 1 until -e "/tmp/enough"; exit'
      await out(SMALL, `rm -f /tmp/enough; setsid perl -e '${hold}' </dev/null >/dev/null 2>&1 &`)
      await machines.until('what is used shows', async () => (await free()) < before - 150)
      expect(Number(await out(SMALL, "free -m | awk '/^Mem/ {print $3}'"))).toBeGreaterThan(150)
      expect(await out(SMALL, "awk '/^MemTotal/ {print $2 / 1024}' /proc/meminfo")).toBe('512')
      await out(SMALL, 'touch /tmp/enough')
      await machines.until('what is free again shows', async () => (await free()) > before - 50)
      expect((await machines.run(SMALL, 'echo 1 > /proc/meminfo')).exitCode).not.toBe(0)
    },
    SLOW,
  )

  test(
    'a type larger than this computer shows what there is',
    async () => {
      expect(await out(LARGE, 'nproc; grep -c ^processor /proc/cpuinfo')).toBe(`${cpus().length}\n${cpus().length}`)
      expect(await out(LARGE, "awk '/^MemTotal/ {print $2}' /proc/meminfo")).toBe(String(totalmem() / 1024))
    },
    SLOW,
  )

  test.skipIf(!isRoot)(
    'the root disk has the size the launch named, 8 GiB without',
    async () => {
      const size = (node: number) => out(node, "df -BG / | awk 'NR == 2 {print $2}'").then(Number.parseFloat)
      expect(Math.abs((await size(SMALL)) - 8)).toBeLessThan(1)
      expect(Math.abs((await size(LARGE)) - 40)).toBeLessThan(2)
    },
    SLOW,
  )

  test(
    'a container inside can still mount its own /proc and /sys',
    async () => {
      expect(await out(SMALL, 'unshare -Urpf --mount-proc sh -c "echo \\$\\$"')).toBe('1')
      await out(SMALL, 'unshare -Urnm mount -t sysfs -o ro,nosuid,nodev,noexec none /sys')
      expect(await out(SMALL, 'su -s /bin/sh nobody -c "ls /dev/.starcluster"; true')).toBe('')
    },
    SLOW,
  )
})
