import { LocalCloudError } from '../local-error.js'
import type { NodeVolumes, VolumeAttachment } from '../nodes/node-volumes.js'

/** Volumes without data. */
export class NullVolumes implements NodeVolumes {
  /** GiB by volume id. */
  readonly sizes = new Map<string, number>()
  readonly snapshots = new Set<string>()
  /** Node by volume id. */
  readonly attached = new Map<string, string>()
  /** Volumes a node has mounted, as a test says. */
  readonly mounted = new Set<string>()

  async create(id: string, { sizeGiB, snapshot }: { sizeGiB: number; snapshot?: string }): Promise<void> {
    if (snapshot !== undefined && !this.snapshots.has(snapshot)) {
      throw new LocalCloudError('SnapshotDoesNotExist', `there is no snapshot ${snapshot}`)
    }
    this.sizes.set(id, sizeGiB)
  }

  async grow(id: string, sizeGiB: number): Promise<void> {
    this.sizes.set(id, sizeGiB)
  }

  async remove(id: string): Promise<void> {
    if (this.attached.has(id)) throw new LocalCloudError('VolumeInUse', `volume ${id} is attached`)
    this.sizes.delete(id)
  }

  async attach(node: string, { volume }: VolumeAttachment): Promise<void> {
    if (!this.sizes.has(volume)) throw new LocalCloudError('NoSuchVolume', `there is no volume ${volume}`)
    const owner = this.attached.get(volume) ?? node
    if (owner !== node) throw new LocalCloudError('VolumeInUse', `volume ${volume} is attached to ${owner}`)
    this.attached.set(volume, node)
  }

  /** What a boot does: the node sees these and no others. */
  async show(node: string, volumes: readonly VolumeAttachment[]): Promise<void> {
    for (const [volume, owner] of this.attached) if (owner === node) this.attached.delete(volume)
    for (const attachment of volumes) await this.attach(node, attachment)
  }

  /** What a stop does. */
  async unmounted(node: string): Promise<void> {
    for (const [volume, owner] of this.attached) if (owner === node) this.mounted.delete(volume)
  }

  async detach(node: string, volume: string, { force = false } = {}): Promise<boolean> {
    if (this.attached.get(volume) !== node) return true
    if (this.mounted.has(volume) && !force) return false
    this.mounted.delete(volume)
    this.attached.delete(volume)
    return true
  }

  async snapshot(_volume: string, snapshot: string): Promise<void> {
    this.snapshots.add(snapshot)
  }

  async removeSnapshot(snapshot: string): Promise<void> {
    this.snapshots.delete(snapshot)
  }

  async list(): Promise<{ volumes: Map<string, number>; snapshots: Map<string, number> }> {
    return {
      volumes: new Map([...this.sizes.keys()].map((id) => [id, 0])),
      snapshots: new Map([...this.snapshots].map((id) => [id, 0])),
    }
  }
}
