import type { Cloud } from '../../cloud.js'
import type { NodeState } from '../../nodes/engine.js'
import { imageWorkOf } from '../images/image-work.js'
import { own } from '../resource-ids.js'
import type { InstanceRecord } from '../state.js'
import { sweep } from '../sweep.js'
import { keptDisks } from '../volumes/engine-steps.js'
import { addVolumeRecords, reconcileVolumes, type VolumeFindings } from '../volumes/reconcile-volumes.js'
import { volumeWorkOf } from '../volumes/volume-work.js'
import { lifecycleOf } from './lifecycle.js'
import { REASONS, settle } from './transitions.js'

/**
 * Makes state and nodes agree after a start of the daemon, once `engine.open` has adopted what lives. What was on its
 * way goes on; a node without an instance is removed; an instance said to run whose node does not is stopped and says why.
 * A state that is older than the nodes (`older`) is no reason to delete a disk: nodes it does not know are stopped and kept.
 * Resolves when the state is on disk; moves go on behind (see `settled`).
 *
 * @returns what is kept without a record: nodes, of this time and of earlier ones, and volumes; and volumes that are lost
 */
export async function reconcile(cloud: Cloud): Promise<{ nodes: string[]; volumes: VolumeFindings }> {
  addVolumeRecords(cloud.state.ec2)
  const lifecycle = lifecycleOf(cloud) // from here on it hears of nodes that end
  const nodes = await cloud.engine.list()
  const kept = new Set(cloud.state.ec2.keptNodes)
  const disks = keptDisks(cloud)
  for (const id of nodes.keys()) {
    const instance = own(cloud.state.ec2.instances, id)
    if (disks.has(id)) continue
    // Terminated once is terminated for ever, also in an older state.
    if (instance?.state === 'terminated') await removeStray(cloud, id)
    if (instance) continue
    if (cloud.state.ec2.older || kept.has(id)) await keepStray(cloud, id, kept)
    else await removeStray(cloud, id)
  }
  const images = imageWorkOf(cloud)
  images.failInterrupted()
  // An older state may not know an image whose layer is there.
  if (!cloud.state.ec2.older) images.tidy()
  delete cloud.state.ec2.older
  cloud.state.ec2.keptNodes = [...kept].filter((id) => nodes.has(id))
  for (const instance of Object.values(cloud.state.ec2.instances)) {
    if (agree(cloud, instance, nodes.get(instance.id) ?? 'absent')) lifecycle.due(instance.id)
  }
  const volumes = await reconcileVolumes(cloud)
  sweep(cloud)
  await cloud.commit()
  volumeWorkOf(cloud).wake()
  lifecycle.wake()
  images.wake()
  return { nodes: cloud.state.ec2.keptNodes, volumes }
}

/** True when there is something left for the lifecycle to do. */
function agree(cloud: Cloud, instance: InstanceRecord, node: NodeState): boolean {
  switch (instance.state) {
    case 'pending':
    case 'stopping':
    case 'shutting-down':
      return true
    case 'running': {
      if (instance.rebootRequested) return true
      if (node === 'running') return false
      const what = node === 'absent' ? 'its node and disk were gone' : 'its node had ended'
      cloud.log.warn(`instance ${instance.id} is stopped: ${what} when the local cloud started`)
      settle(cloud, instance, 'stopped')
      instance.stateReason = REASONS.internalError(`${what} when the local cloud started`)
      return false
    }
    case 'stopped':
      // Should not happen; the record is the truth.
      if (node === 'running') instance.state = 'stopping'
      return node === 'running'
    case 'terminated':
      return false
  }
}

async function removeStray(cloud: Cloud, id: string): Promise<void> {
  cloud.log.warn(`node ${id} belongs to no instance and is removed`)
  try {
    await cloud.engine.remove(id)
  } catch (error) {
    cloud.log.error(`node ${id} cannot be removed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function keepStray(cloud: Cloud, id: string, kept: Set<string>): Promise<void> {
  kept.add(id)
  try {
    await cloud.engine.stop(id)
  } catch (error) {
    cloud.log.error(`node ${id} cannot be stopped: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Resolves when no instance of the cloud is on its way to another state. */
export async function settled(cloud: Cloud): Promise<void> {
  const [lifecycle, images, volumes] = [lifecycleOf(cloud), imageWorkOf(cloud), volumeWorkOf(cloud)]
  for (const work of [lifecycle, images, volumes, images, lifecycle]) await work.settled()
}

/** Before `engine.close`: begins nothing more and waits for the steps under way, whose instances stay as recorded. */
export async function closeLifecycle(cloud: Cloud): Promise<void> {
  await imageWorkOf(cloud).settled()
  await volumeWorkOf(cloud).close()
  await lifecycleOf(cloud).close()
}
