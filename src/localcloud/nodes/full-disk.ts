import type { FullDisk } from './engine.js'
import type { Supervisor } from './supervisor.js'

/** Blocks of a disk's own file system, promised to a file outside of the node's tree: none of them is written. */
export class LinuxFullDisk implements FullDisk {
  constructor(private readonly running: () => Promise<Supervisor | undefined>) {}

  async fill(id: string): Promise<void> {
    const supervisor = await this.running()
    await supervisor?.request('fill', { id })
  }

  async free(id: string): Promise<void> {
    const supervisor = await this.running()
    await supervisor?.request('free', { id })
  }

  async freeAll(): Promise<void> {
    const supervisor = await this.running()
    for (const { id = '' } of (await supervisor?.list()) ?? []) await this.free(id).catch(ifUnknown)
  }
}

/** A supervisor of an older version fills no disks. */
function ifUnknown(error: unknown): void {
  if (!(error instanceof Error && error.message.includes('unknown request'))) throw error
}
