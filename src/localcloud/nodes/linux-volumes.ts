import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import { type DiskPaths, makePassage } from './disk-paths.js'
import { guestDir } from './guest-dir.js'
import { mustRunHost } from './host-command.js'
import { giveToNodeRoot } from './ids.js'
import type { NodeVolumes, VolumeAttachment } from './node-volumes.js'
import type { Supervisor } from './supervisor.js'

/**
 * Volumes as sparse image files. What shows them to nodes is the supervisor (guest/host/volume.pl); without one there are
 * no nodes, and a volume is only its file.
 */
export class LinuxVolumes implements NodeVolumes {
  /** One thing at a time is done with a volume. */
  private readonly turns = new Map<string, Promise<void>>()

  constructor(
    private readonly paths: DiskPaths,
    private readonly supervisor: () => Promise<Supervisor | undefined>,
  ) {}

  create(id: string, options: { sizeGiB: number; snapshot?: string }): Promise<void> {
    const path = this.paths.volume(id)
    return this.inTurn(id, async () => {
      if (await exists(path)) return
      const { snapshot } = options
      const source = snapshot === undefined ? undefined : this.paths.snapshot(snapshot)
      if (source && !(await exists(source))) {
        throw new LocalCloudError('SnapshotDoesNotExist', `there is no snapshot ${snapshot}`)
      }
      await this.whole(path, async (work) => {
        if (source) await copy(source, work)
        await extend(work, options.sizeGiB)
        await giveToNodeRoot(work)
      })
    })
  }

  grow(id: string, sizeGiB: number): Promise<void> {
    return this.inTurn(id, async () => {
      await extend(await this.existing(id), sizeGiB)
      await (await this.supervisor())?.request('growvolume', { volume: id })
    })
  }

  remove(id: string): Promise<void> {
    return this.inTurn(id, async () => {
      await (await this.supervisor())?.request('endvolume', { volume: id })
      await removeImage(this.paths.volume(id))
    })
  }

  attach(node: string, { volume, device }: VolumeAttachment): Promise<void> {
    return this.inTurn(volume, async () => {
      await this.existing(volume)
      await (await this.supervisor())?.request('attach', { id: node, volume, device })
    })
  }

  detach(node: string, volume: string, { force = false } = {}): Promise<boolean> {
    return this.inTurn(volume, async () => {
      const supervisor = await this.supervisor()
      const answer = await supervisor?.request('detach', { id: node, volume, force: force ? 1 : '' })
      return !answer?.fields.busy
    })
  }

  snapshot(volume: string, snapshot: string): Promise<void> {
    const path = this.paths.snapshot(snapshot)
    return this.inTurn(volume, async () => {
      const source = await this.existing(volume)
      if (await exists(path)) return
      const supervisor = await this.supervisor()
      await this.whole(path, async (work) => {
        if (supervisor) await supervisor.request('copyvolume', { volume, to: work }, COPY_DEADLINE_MS)
        else await copy(source, work)
      })
    })
  }

  async removeSnapshot(snapshot: string): Promise<void> {
    await removeImage(this.paths.snapshot(snapshot))
  }

  async list(): Promise<{ volumes: Map<string, number>; snapshots: Map<string, number> }> {
    const [volumes, snapshots] = await Promise.all([
      images(dirname(this.paths.volume('x'))),
      images(dirname(this.paths.snapshot('x'))),
    ])
    return { volumes, snapshots }
  }

  /** Resolves when nothing is being done with these volumes. */
  async settled(attachments: readonly VolumeAttachment[]): Promise<void> {
    await Promise.all(attachments.map(({ volume }) => this.turns.get(volume)))
  }

  private async existing(id: string): Promise<string> {
    const path = this.paths.volume(id)
    if (await exists(path)) return path
    throw new LocalCloudError('NoSuchVolume', `there is no volume ${id}`)
  }

  /** A file appears when it is complete, and nothing is left when it could not be made. */
  private async whole(path: string, fill: (work: string) => Promise<void>): Promise<void> {
    const work = `${path}.new`
    await makePassage(dirname(path))
    await rm(work, { force: true })
    try {
      await (await open(work, 'wx', 0o600)).close()
      await fill(work)
      await rename(work, path)
    } catch (error) {
      await rm(work, { force: true })
      throw isFull(error) ? new LocalCloudError('NoSpace', `this computer's disk is full: ${message(error)}`) : error
    }
  }

  private inTurn<T>(id: string, act: () => Promise<T>): Promise<T> {
    const result = (this.turns.get(id) ?? Promise.resolve()).then(act)
    const turn = result.then(
      () => undefined,
      () => undefined,
    )
    this.turns.set(id, turn)
    turn.then(() => this.turns.get(id) === turn && this.turns.delete(id))
    return result
  }
}

/** After the supervisor was killed: one that it was just copying stays frozen, and its loop device busy, until it is thawed. */
export async function thawVolumes(home: string): Promise<void> {
  if (process.getuid?.() === 0) await mustRunHost('perl', [join(guestDir(), 'host', 'thaw-volumes.pl'), home])
}

/** Of a large volume on a slow disk. */
const COPY_DEADLINE_MS = 3_600_000

const copy = (source: string, target: string) =>
  mustRunHost('cp', ['--reflink=auto', '--sparse=auto', '--', source, target])

/** With what a killed process may have left of it. */
async function removeImage(path: string): Promise<void> {
  for (const name of [path, `${path}.new`, path.replace(/img$/, 'fuse')]) await rm(name, { force: true })
}

/** Never shorter. */
async function extend(path: string, sizeGiB: number): Promise<void> {
  const bytes = sizeGiB * 2 ** 30
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r+')
    if ((await file.stat()).size < bytes) await file.truncate(bytes)
  } finally {
    await file?.close()
  }
}

/** Ids and bytes really used. */
async function images(dir: string): Promise<Map<string, number>> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.img'))
  const used = await Promise.all(names.map((name) => stat(`${dir}/${name}`).catch(() => undefined)))
  return new Map(names.map((name, at) => [name.slice(0, -'.img'.length), (used[at]?.blocks ?? 0) * 512]))
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** No space, or a file larger than the host's file system takes. */
function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return (
    code === 'ENOSPC' ||
    code === 'EFBIG' ||
    code === 'EDQUOT' ||
    /No space left|File too large|quota/.test(message(error))
  )
}

const exists = (path: string) =>
  stat(path)
    .then(() => true)
    .catch(() => false)
