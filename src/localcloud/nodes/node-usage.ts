import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { batched } from './batched.js'
import type { CgroupLimiter } from './cgroups.js'
import type { DiskPaths } from './disk-paths.js'
import { runHost } from './host-command.js'
import { memoryOf } from './memory.js'
import { processesInNamespaces } from './node-processes.js'
import { asOwnRoot } from './own-root.js'

interface Options {
  readonly paths: DiskPaths
  readonly limiter: () => Promise<CgroupLimiter>
  /** Host pids of the nodes' first processes, by id. */
  readonly hostPids: () => Promise<ReadonlyMap<string, number>>
}

/** What nodes cost this computer. Many are asked about at once, so what needs a look at the whole machine is done once. */
export class NodeUsage {
  private readonly folder = batched(folderBytes)
  private readonly beside: (id: string) => Promise<readonly number[] | undefined>

  constructor(private readonly options: Options) {
    this.beside = batched(async (ids) => {
      const pids = await options.hostPids()
      const found = await processesInNamespaces(ids.map((id) => pids.get(id) ?? 0).filter(Boolean))
      return new Map(ids.map((id) => [id, found.get(pids.get(id) ?? 0) ?? []]))
    })
  }

  async of(id: string): Promise<{ processes: number; memoryBytes: number; diskBytes: number }> {
    const [{ processes, memoryBytes }, diskBytes] = await Promise.all([this.running(id), this.disk(id)])
    return { processes, memoryBytes, diskBytes }
  }

  private async running(id: string) {
    const limiter = await this.options.limiter()
    // An ordinary user's node need not be in the groups that are his now.
    const grouped = limiter.controllers.length > 0 && process.getuid?.() === 0
    const pids = grouped ? await limiter.processes(id) : ((await this.beside(id)) ?? [])
    const memory = await Promise.all(pids.map(memoryOf))
    return { processes: pids.length, memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0) }
  }

  /** Bytes of the host's disk that a node takes. */
  private async disk(id: string): Promise<number> {
    const dir = this.options.paths.node(id)
    const image = await stat(join(dir, 'disk.img')).catch(() => undefined)
    return image ? image.blocks * 512 : ((await this.folder(join(dir, 'fs'))) ?? 0)
  }
}

/** Sizes of folders without a file system of their own. One that is gone has none. */
async function folderBytes(dirs: readonly string[]): Promise<ReadonlyMap<string, number>> {
  // `-l`: a file that two nodes share by a hard link counts for each.
  const { stdout } = await runHost(...asOwnRoot('du', ['-sxkl', ...dirs]))
  const lines = stdout.split('\n').map((line) => line.split('\t'))
  return new Map(lines.map(([kib = '', dir = '']) => [dir, Number.parseInt(kib, 10) * 1024 || 0]))
}
