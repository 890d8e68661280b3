import type { Cloud } from '../../cloud.js'

/** A volume or a snapshot: what its record says, and what it takes on disk. */
export interface StorageUse {
  readonly id: string
  /** EC2's word for it; `unknown`: on disk without a record. */
  readonly state: string
  readonly sizeGiB?: number
  /** Instance and device of an attached volume, or what failed. */
  readonly note?: string
  readonly diskBytes: number
}

/** Volumes and snapshots; not those of root volumes, whose content is the machines' disks and layers. */
export async function storageUse(cloud: Cloud): Promise<{ volumes: StorageUse[]; snapshots: StorageUse[] }> {
  const { ec2 } = cloud.state
  const there = await cloud.engine.volumes.list()
  const volumes: StorageUse[] = []
  const snapshots: StorageUse[] = []
  for (const { id, state, size, attachment, rootOf, failure } of Object.values(ec2.volumes)) {
    if (rootOf !== undefined) continue
    const at = attachment && `${attachment.instanceId} ${attachment.device}`
    const note = [at, failure].filter(Boolean).join('; ')
    volumes.push({ id, state, sizeGiB: size, ...(note && { note }), diskBytes: take(there.volumes, id) })
  }
  for (const { id, state, size, content, stateMessage: note } of Object.values(ec2.snapshots)) {
    if (content === undefined) continue
    snapshots.push({ id, state, sizeGiB: size, ...(note && { note }), diskBytes: take(there.snapshots, content) })
  }
  for (const [id, diskBytes] of there.volumes) volumes.push({ id, state: 'unknown', diskBytes })
  // Content that only a volume being made still needs has no record either; it goes by itself.
  for (const [id, diskBytes] of there.snapshots) snapshots.push({ id, state: 'unknown', diskBytes })
  return { volumes, snapshots }
}

/** What copies share is counted once. */
function take(bytes: Map<string, number>, id: string): number {
  const used = bytes.get(id) ?? 0
  bytes.delete(id)
  return used
}
