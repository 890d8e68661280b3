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
