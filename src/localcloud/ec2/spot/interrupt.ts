import type { Cloud } from '../../cloud.js'
import { LocalCloudError } from '../../local-error.js'
import type { FaultAct } from '../faults.js'
import { lifecycleOf } from '../instances/lifecycle.js'
import { REASONS } from '../instances/transitions.js'
import { own } from '../resource-ids.js'
import type { InstanceRecord } from '../state.js'
import { followInstances } from './follow.js'
import { noteInterruption } from './interruptions.js'
import { spotRequestsOf } from './records.js'

/** How long before EC2 tells. Source: EC2 User Guide, "Spot Instance interruption notices". */
const NOTICE_MS = 120_000

/**
 * The fault `spot-interruption`: the notice at once, the end after it. Hibernation is a stop here, and begins with its
 * notice as on EC2.
 */
export function spotInterruptions(cloud: Cloud): FaultAct<'spot-interruption'> {
  const coming = new Map<string, { timer: NodeJS.Timeout; done: () => void }>()
  const withdraw = (id: string) => {
    const known = coming.get(id)
    clearTimeout(known?.timer)
    coming.delete(id)
    noteInterruption(cloud, id, undefined)
    known?.done()
  }
  const complain = (id: string) => (error: Error) =>
    cloud.log.error(`instance ${id}: cannot be interrupted: ${error.message}`)
  return {
    async begin({ instance, ms = NOTICE_MS }, over) {
      const hit = spotInstances(cloud, instance)
      let left = hit.length
      const done = () => void (--left === 0 && over())
      const noticed = cloud.now()
      for (const { id, spotRequestId } of hit) {
        withdraw(id)
        const action = spotRequestsOf(cloud.state.ec2)[spotRequestId ?? '']?.behavior ?? 'terminate'
        const wait = action === 'hibernate' ? 1 : ms
        noteInterruption(cloud, id, { action, noticed, at: new Date(noticed.getTime() + wait) })
        const end = () => {
          withdraw(id)
          interrupt(cloud, id, action === 'terminate').catch(complain(id))
        }
        coming.set(id, { timer: setTimeout(end, wait).unref(), done })
      }
      followInstances(cloud)
    },
    async end({ instance }) {
      for (const id of instance === undefined ? [...coming.keys()] : [instance]) withdraw(id)
      followInstances(cloud)
    },
  }
}

/** @throws LocalCloudError NoSpotInstance */
function spotInstances(cloud: Cloud, id: string | undefined): InstanceRecord[] {
  const all = Object.values(cloud.state.ec2.instances).filter(
    (one) => one.spotRequestId !== undefined && one.state === 'running' && (id === undefined || one.id === id),
  )
  if (all.length > 0) return all
  const what = id === undefined ? 'no spot instance runs' : `${id} is no spot instance that runs`
  const hint = 'launch one with InstanceMarketOptions (MarketType spot) or RequestSpotInstances'
  throw new LocalCloudError('NoSpotInstance', what, { hint })
}

async function interrupt(cloud: Cloud, id: string, terminate: boolean): Promise<void> {
  const instance = own(cloud.state.ec2.instances, id)
  if (instance?.state !== 'running') return
  instance.state = terminate ? 'shutting-down' : 'stopping'
  instance.stateReason = terminate ? REASONS.spotTermination() : REASONS.spotShutdown()
  instance.stateTransitionReason = instance.stateReason.code
  followInstances(cloud)
  lifecycleOf(cloud).due(id)
  await cloud.commit()
  lifecycleOf(cloud).wake()
}
