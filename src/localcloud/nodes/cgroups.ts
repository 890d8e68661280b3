import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CgroupFiles, cgroupPlaces, controllersOf, makeRoom } from './cgroup-places.js'
import type { NodeSpec } from './engine.js'
import { pidsBelow, removeGroups } from './own-cgroup.js'

type Limits = NodeSpec['limits']

/** Limits for one group of processes, by whichever cgroup version the machine has. */
export interface CgroupLimiter {
  /** Makes the node's groups. -> directories whose cgroup.procs its first process must join */
  prepare(id: string, limits: Limits): Promise<string[]>
  remove(id: string): Promise<void>
  /** Removes the parent groups too; for `reset`. */
  removeAll(): Promise<void>
  /** Pids in the node's group. */
  processes(id: string): Promise<number[]>
  /** Which of memory, pids and cpu are limited. */
  readonly controllers: readonly string[]
}

/**
 * Finds what this machine offers. Groups of one home are below one directory named `starcluster-KEY`: at the top for
 * root, for an ordinary user in the groups that he is in himself, as far as they are his.
 */
export async function openCgroups(key: string, files: CgroupFiles = {}): Promise<CgroupLimiter> {
  const { root = process.getuid?.() === 0 } = files
  const { v1, v2 } = await cgroupPlaces({ ...files, root })
  if (v1.size > 0) return new V1Limiter(v1, `starcluster-${key}`)
  if (!v2) return NO_GROUPS
  if (!root) {
    if ((await controllersOf(v2)).length === 0) return NO_GROUPS
    await makeRoom(v2)
  }
  return new V2Limiter(v2, `starcluster-${key}`, await enable(v2))
}

/** Which of memory, pids and cpu would be limited. Changes nothing, unlike `openCgroups`. */
export async function offeredControllers(files: CgroupFiles = {}): Promise<string[]> {
  const { v1, v2 } = await cgroupPlaces(files)
  return v1.size > 0 ? [...v1.keys()] : v2 ? controllersOf(v2) : []
}

/** Hands the controllers on to child groups, as far as the machine has them and lets us. */
async function enable(dir: string): Promise<string[]> {
  const enabled: string[] = []
  for (const name of await controllersOf(dir)) {
    const done = await writeFile(join(dir, 'cgroup.subtree_control'), `+${name}`)
      .then(() => true)
      .catch(() => false)
    if (done) enabled.push(name)
  }
  return enabled
}

/** An ordinary user mostly has none. The supervisor bounds the processes of each node by RLIMIT_NPROC. */
const NO_GROUPS: CgroupLimiter = {
  controllers: [],
  prepare: async () => [],
  remove: async () => undefined,
  removeAll: async () => undefined,
  processes: async () => [],
}

class V1Limiter implements CgroupLimiter {
  constructor(
    private readonly roots: ReadonlyMap<string, string>,
    private readonly group: string,
  ) {}

  get controllers() {
    return [...this.roots.keys()]
  }

  async prepare(id: string, limits: Limits): Promise<string[]> {
    const files: Record<string, [file: string, value: number][]> = {
      memory: [['memory.limit_in_bytes', limits.memoryMiB * 2 ** 20]],
      pids: [['pids.max', limits.pids]],
      cpu: [
        ['cpu.cfs_period_us', 100_000],
        ['cpu.cfs_quota_us', Math.round(limits.cpus * 100_000)],
      ],
    }
    const dirs: string[] = []
    for (const [name, root] of this.roots) {
      const dir = join(root, this.group, id)
      await mkdir(dir, { recursive: true })
      for (const [file, value] of files[name] ?? []) await writeFile(join(dir, file), String(value))
      if (!dirs.includes(dir)) dirs.push(dir)
    }
    return dirs
  }

  async remove(id: string): Promise<void> {
    for (const root of this.roots.values()) await removeGroups(join(root, this.group, id))
  }

  async removeAll(): Promise<void> {
    for (const root of this.roots.values()) await removeGroups(join(root, this.group))
  }

  processes(id: string): Promise<number[]> {
    const root = this.roots.get('pids') ?? this.roots.get('memory')
    return root ? pidsBelow(join(root, this.group, id)) : Promise.resolve([])
  }
}

class V2Limiter implements CgroupLimiter {
  constructor(
    private readonly root: string,
    private readonly group: string,
    readonly controllers: readonly string[],
  ) {}

  async prepare(id: string, limits: Limits): Promise<string[]> {
    const parent = join(this.root, this.group)
    await mkdir(parent, { recursive: true })
    await enable(parent)
    const dir = join(parent, id)
    await mkdir(dir, { recursive: true })
    const set = async (name: string, file: string, value: string) => {
      if (this.controllers.includes(name)) await writeFile(join(dir, file), value)
    }
    await set('memory', 'memory.max', String(limits.memoryMiB * 2 ** 20))
    await set('memory', 'memory.oom.group', '0')
    await set('pids', 'pids.max', String(limits.pids))
    await set('cpu', 'cpu.max', `${Math.round(limits.cpus * 100_000)} 100000`)
    return [dir]
  }

  async remove(id: string): Promise<void> {
    await removeGroups(join(this.root, this.group, id))
  }

  async removeAll(): Promise<void> {
    await removeGroups(join(this.root, this.group))
  }

  processes(id: string): Promise<number[]> {
    return pidsBelow(join(this.root, this.group, id))
  }
}
