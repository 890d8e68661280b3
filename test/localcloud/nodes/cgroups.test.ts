import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { offeredControllers, openCgroups } from '../../../src/localcloud/nodes/cgroups.js'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sc-cgroups-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

test('limits by cgroups of version 2: handed on, written, read back', async () => {
  const root = join(dir, 'cgroup')
  mkdirSync(root)
  writeFileSync(join(root, 'cgroup.controllers'), 'cpuset cpu io memory pids\n')
  writeFileSync(join(dir, 'mounts'), `cgroup2 ${root} cgroup2 rw 0 0\n`)
  const limiter = await openCgroups('key', { mounts: join(dir, 'mounts'), root: true })
  expect(limiter.controllers).toEqual(['memory', 'pids', 'cpu'])
  const groups = await limiter.prepare('i-1', { cpus: 1.5, memoryMiB: 512, pids: 100 })
  expect(groups).toEqual([join(root, 'starcluster-key/i-1')])
  const value = (file: string) => readFileSync(join(groups[0]!, file), 'utf8')
  expect([value('memory.max'), value('pids.max'), value('cpu.max')]).toEqual([
    String(512 * 2 ** 20),
    '100',
    '150000 100000',
  ])
})

test('limits by cgroups of version 1: one group for each controller', async () => {
  const mounts = ['memory', 'pids', 'cpu,cpuacct'].map((name) => {
    mkdirSync(join(dir, name))
    return `cgroup ${join(dir, name)} cgroup rw,relatime,${name} 0 0`
  })
  writeFileSync(join(dir, 'mounts'), mounts.join('\n'))
  const limiter = await openCgroups('key', { mounts: join(dir, 'mounts'), root: true })
  const groups = await limiter.prepare('i-1', { cpus: 2, memoryMiB: 64, pids: 10 })
  expect(groups).toHaveLength(3)
  expect(readFileSync(join(dir, 'memory/starcluster-key/i-1/memory.limit_in_bytes'), 'utf8')).toBe(String(64 * 2 ** 20))
  expect(readFileSync(join(dir, 'cpu,cpuacct/starcluster-key/i-1/cpu.cfs_quota_us'), 'utf8')).toBe('200000')
})

/** The kernel's files, as systemd gives them to `systemd-run --user --scope -p Delegate=yes`. Root may write everywhere. */
function delegated(path: string, controllers: string) {
  const group = join(dir, 'cgroup', path)
  mkdirSync(group, { recursive: true })
  writeFileSync(join(group, 'cgroup.controllers'), controllers)
  writeFileSync(join(group, 'cgroup.procs'), '12\n34\n')
  writeFileSync(join(dir, 'mounts'), `cgroup2 ${join(dir, 'cgroup')} cgroup2 rw 0 0\n`)
  writeFileSync(join(dir, 'self'), `1:name=systemd:/other\n0::${path}\n`)
  return { group, files: { mounts: join(dir, 'mounts'), self: join(dir, 'self'), root: false } }
}

test('a delegated group of version 2 is divided below; who is in it goes aside, once', async () => {
  const { group, files } = delegated('/user.slice/run-1.scope', 'memory pids\n')
  expect(await offeredControllers(files)).toEqual(['memory', 'pids'])
  const limiter = await openCgroups('key', files)
  expect(readFileSync(join(group, 'starcluster-aside/cgroup.procs'), 'utf8')).toBe('34')
  expect(limiter.controllers).toEqual(['memory', 'pids'])
  expect(await limiter.prepare('i-1', { cpus: 1, memoryMiB: 64, pids: 10 })).toEqual([
    join(group, 'starcluster-key/i-1'),
  ])
  expect(readFileSync(join(group, 'starcluster-key/i-1/memory.max'), 'utf8')).toBe(String(64 * 2 ** 20))
  // The next one is started by a process that was put aside.
  writeFileSync(files.self, '0::/user.slice/run-1.scope/starcluster-aside\n')
  const [again] = await (await openCgroups('key', files)).prepare('i-2', { cpus: 1, memoryMiB: 64, pids: 10 })
  expect(again).toBe(join(group, 'starcluster-key/i-2'))
})

test.each([
  ['its files are not there to be written', (group: string) => rmSync(join(group, 'cgroup.procs'))],
  ['it has no controllers for us', (group: string) => writeFileSync(join(group, 'cgroup.controllers'), 'io\n')],
  ['it is outside of what we see', () => writeFileSync(join(dir, 'self'), '0::/../../x\n')],
])('an ordinary user has no limits by a group when %s', async (_why, spoil) => {
  const { group, files } = delegated('/a.scope', 'memory pids cpu\n')
  spoil(group)
  expect(await offeredControllers(files)).toEqual([])
  const limiter = await openCgroups('key', files)
  expect(limiter.controllers).toEqual([])
  expect(await limiter.prepare('i-1', { cpus: 1, memoryMiB: 64, pids: 10 })).toEqual([])
})

test('groups of version 1 that are his: each controller where he is in it', async () => {
  const own = ['memory', 'pids'].map((name) => join(dir, name, 'his'))
  for (const group of own) {
    mkdirSync(group, { recursive: true })
    writeFileSync(join(group, 'cgroup.procs'), '')
  }
  mkdirSync(join(dir, 'cpu'))
  writeFileSync(
    join(dir, 'mounts'),
    ['memory', 'pids', 'cpu'].map((name) => `cgroup ${join(dir, name)} cgroup rw,${name} 0 0`).join('\n'),
  )
  writeFileSync(join(dir, 'self'), '4:memory:/his\n3:pids:/his\n2:cpu:/\n')
  const limiter = await openCgroups('key', { mounts: join(dir, 'mounts'), self: join(dir, 'self'), root: false })
  expect(limiter.controllers).toEqual(['memory', 'pids'])
  const groups = await limiter.prepare('i-1', { cpus: 1, memoryMiB: 64, pids: 10 })
  expect(groups).toEqual(own.map((group) => join(group, 'starcluster-key/i-1')))
})
