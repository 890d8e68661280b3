import type { Cloud } from '../../cloud.js'
import { addMissingRoot } from '../instances/launch-volumes.js'
import { own } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import { unlink } from './attachments.js'
import type { VolumeRecord } from './records.js'
import { volumeWorkOf } from './volume-work.js'

/** What of the block storage does not agree with the records. */
export interface VolumeFindings {
  /** Volumes and snapshots on disk without a record: kept, never deleted by us. */
  readonly unknown: readonly string[]
  /** Volumes whose content is found to be gone: in the state `error` from now on. */
  readonly lost: readonly string[]
}

/** A state that was written before there were volumes. */
export function addVolumeRecords(state: Ec2State): void {
  state.volumes ??= {}
  state.snapshots ??= {}
  for (const instance of Object.values(state.instances)) {
    instance.volumeIds ??= []
    if (instance.state === 'terminated' || own(state.volumes, instance.rootVolumeId)) continue
    addMissingRoot(state, instance)
    instance.volumeIds = [instance.rootVolumeId]
  }
}

/**
 * Makes records and block storage agree after a start of the daemon: what was begun is gone on with, at the next `wake` of
 * the work on volumes.
 */
export async function reconcileVolumes(cloud: Cloud): Promise<VolumeFindings> {
  const { volumes, snapshots } = cloud.state.ec2
  const there = await cloud.engine.volumes.list()
  const work = volumeWorkOf(cloud)
  const lost: string[] = []
  for (const volume of Object.values(volumes)) {
    agree(cloud.state.ec2, volume)
    const made = volume.rootOf === undefined && (volume.state === 'available' || volume.state === 'in-use')
    if (made && !there.volumes.has(volume.id)) {
      cloud.log.error(`volume ${volume.id}: its content is gone`)
      volume.state = 'error'
      volume.failure = 'its content is gone'
      lost.push(volume.id)
    }
    if (!bootSeesToIt(cloud.state.ec2, volume)) work.due(volume.id)
  }
  for (const { id } of Object.values(snapshots)) work.due(id)
  const contents = new Set(Object.values(snapshots).map(({ content }) => content))
  for (const { source } of Object.values(volumes)) contents.add(source)
  const unknown = [...there.volumes.keys()].filter((id) => !own(volumes, id))
  unknown.push(...[...there.snapshots.keys()].filter((id) => !contents.has(id)))
  return { unknown, lost }
}

/** An older state may name an instance that has ended since. */
function agree(state: Ec2State, volume: VolumeRecord): void {
  const { attachment } = volume
  if (!attachment) return
  const instance = own(state.instances, attachment.instanceId)
  if (instance && instance.state !== 'terminated' && instance.volumeIds.includes(volume.id)) return
  unlink(state, volume)
  if (volume.state === 'in-use') volume.state = 'available'
}

/** A volume of a launch is made by the boot that it belongs to. */
function bootSeesToIt(state: Ec2State, { state: is, attachment }: VolumeRecord): boolean {
  return is === 'creating' && own(state.instances, attachment?.instanceId ?? '')?.state === 'pending'
}
