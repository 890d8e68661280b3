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
  /** Volumes whose content is not there: in the state `error`. */
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
    if (findContent(volume, there.volumes.has(volume.id)) === 'lost') lost.push(volume.id)
    if (!bootSeesToIt(cloud.state.ec2, volume)) work.due(volume.id)
  }
  for (const { id } of Object.values(snapshots)) work.due(id)
  const contents = new Set(Object.values(snapshots).map(({ content }) => content))
  for (const { source } of Object.values(volumes)) contents.add(source)
  const unknown = [...there.volumes.keys()].filter((id) => !own(volumes, id))
  unknown.push(...[...there.snapshots.keys()].filter((id) => !contents.has(id)))
  return { unknown, lost }
}

const LOST = 'its content is gone'

/** A volume is in the state `error` for as long as its content is not found. */
function findContent(volume: VolumeRecord, found: boolean): 'lost' | undefined {
  if (volume.rootOf !== undefined) return undefined
  if (found && volume.state === 'error' && volume.failure === LOST) {
    volume.state = volume.attachment ? 'in-use' : 'available'
    delete volume.failure
  }
  if (found || (volume.state !== 'available' && volume.state !== 'in-use')) {
    return volume.failure === LOST ? 'lost' : undefined
  }
  volume.state = 'error'
  volume.failure = LOST
  return 'lost'
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
