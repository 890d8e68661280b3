import type { Cloud } from '../../cloud.js'
import { own } from '../resource-ids.js'
import type { SnapshotRecord } from '../snapshots/records.js'
import type { InstanceRecord } from '../state.js'
import { forgetTags } from '../tags/tags.js'
import { dataVolumesOf, unlink, volumesOf } from './attachments.js'
import type { VolumeRecord } from './records.js'

const queues = new WeakMap<Cloud, Map<string, Promise<void>>>()

/**
 * Runs acts on one volume one after the other. Whoever needs a volume's instance as well takes that first
 * (`Lifecycle.alone`), never the other way round.
 */
export function inOrder<T>(cloud: Cloud, volume: string, act: () => Promise<T>): Promise<T> {
  let queue = queues.get(cloud)
  if (!queue) queues.set(cloud, (queue = new Map()))
  const known = queue
  const result = (known.get(volume) ?? Promise.resolve()).then(act)
  const done: Promise<void> = result
    .then(() => undefined)
    .catch(() => undefined)
    .finally(() => {
      if (known.get(volume) === done) known.delete(volume)
    })
  known.set(volume, done)
  return result
}

/** Makes the volume's content. A failure leaves it in the state `error`. @throws what the engine throws */
export function makeVolume(cloud: Cloud, volume: VolumeRecord): Promise<void> {
  return inOrder(cloud, volume.id, async () => {
    if (volume.state !== 'creating') return
    const { source } = volume
    try {
      await cloud.engine.volumes.create(volume.id, {
        sizeGiB: volume.size,
        ...(source === undefined ? {} : { snapshot: source }),
      })
      volume.state = volume.attachment ? 'in-use' : 'available'
    } catch (error) {
      volume.state = 'error'
      volume.failure = error instanceof Error ? error.message : String(error)
      throw error
    } finally {
      delete volume.source
      if (source !== undefined) await releaseContent(cloud, source)
    }
  })
}

/** Those a volume still has to give its content to; an image's are seen to by who makes that. */
export function pendingSnapshots(cloud: Cloud, volume: string): SnapshotRecord[] {
  return Object.values(cloud.state.ec2.snapshots).filter(
    (one) => one.volumeId === volume && one.state === 'pending' && one.forImage === undefined,
  )
}

/** Gives the volume's content to the snapshots that wait for it. A failure is theirs. */
export async function takeSnapshots(cloud: Cloud, volume: VolumeRecord): Promise<void> {
  const { engine, log } = cloud
  for (const snapshot of pendingSnapshots(cloud, volume.id)) {
    try {
      if (snapshot.content !== undefined) await engine.volumes.snapshot(volume.id, snapshot.content)
      else snapshot.layers = [await engine.disks.capture(volume.rootOf ?? '', snapshot.id), ...(snapshot.layers ?? [])]
      if (snapshot.state === 'pending') snapshot.state = 'completed'
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      log.error(`${snapshot.id}: ${why}`)
      if (snapshot.state === 'pending') snapshot.state = 'error'
      snapshot.stateMessage = why
    }
    snapshot.completedAt = cloud.now().toISOString()
  }
}

/** Removes the volume with its data and forgets it. */
export async function removeVolume(cloud: Cloud, volume: VolumeRecord): Promise<void> {
  const { ec2 } = cloud.state
  await takeSnapshots(cloud, volume)
  if (volume.rootOf === undefined) await cloud.engine.volumes.remove(volume.id)
  else await cloud.engine.remove(volume.rootOf)
  unlink(ec2, volume)
  delete ec2.volumes[volume.id]
  forgetTags(ec2, volume.id)
}

/** Removes a snapshot's content when no snapshot has it and no volume is being made of it. */
export async function releaseContent(cloud: Cloud, content: string): Promise<void> {
  const { snapshots, volumes } = cloud.state.ec2
  const kept = Object.values(snapshots).some((one) => one.content === content && one.state !== 'deleting')
  const used = Object.values(volumes).some((one) => one.source === content && one.state === 'creating')
  if (!kept && !used) await cloud.engine.volumes.removeSnapshot(content)
}

/** Before an instance boots: makes the volumes that its launch asked for. @throws Error saying which is missing */
export async function prepareVolumes(cloud: Cloud, instance: InstanceRecord): Promise<void> {
  for (const volume of dataVolumesOf(cloud.state.ec2, instance)) {
    if (volume.state === 'creating') await makeVolume(cloud, volume)
    if (volume.state === 'error' && !instance.hasRun) throw new Error(`its volume ${volume.id} could not be made`)
  }
}

/** After an instance has booted: it sees its volumes. */
export function volumesSeen(cloud: Cloud, instance: InstanceRecord): void {
  for (const { state, attachment } of volumesOf(cloud.state.ec2, instance)) {
    if (state === 'in-use' && attachment.state === 'attaching') attachment.state = 'attached'
  }
}

/**
 * The end of an instance: its node goes, with its disk unless that is to stay, and each volume goes or stays as its
 * attachment says. Doing it again is harmless.
 */
export async function endNode(cloud: Cloud, instance: InstanceRecord): Promise<void> {
  const { engine, state } = cloud
  const root = own(state.ec2.volumes, instance.rootVolumeId)
  if (root) await takeSnapshots(cloud, root)
  const keepsDisk = instance.hasRun === true && root !== undefined && root.attachment?.deleteOnTermination !== true
  if (keepsDisk) await engine.stop(instance.id).catch(() => engine.stop(instance.id, { force: true }))
  else await engine.remove(instance.id)
  for (const volume of dataVolumesOf(state.ec2, instance)) {
    await inOrder(cloud, volume.id, async () => {
      await engine.volumes.detach(instance.id, volume.id, { force: true })
      if (volume.attachment?.deleteOnTermination) return removeVolume(cloud, volume)
      unlink(state.ec2, volume)
      if (volume.state === 'in-use') volume.state = 'available'
    })
  }
  if (!root) return
  unlink(state.ec2, root)
  if (keepsDisk) {
    root.state = 'available'
    root.layers = [...instance.layers]
  } else {
    delete state.ec2.volumes[root.id]
    forgetTags(state.ec2, root.id)
  }
}

/** Nodes that are kept without their instances: the disk of each is a volume by itself. */
export function keptDisks(cloud: Cloud): Set<string | undefined> {
  const kept = Object.values(cloud.state.ec2.volumes).filter(({ attachment }) => !attachment)
  return new Set(kept.map(({ rootOf }) => rootOf))
}
