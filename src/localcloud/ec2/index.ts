import type { ServiceHandler } from '../cloud.js'
import { createQueryService } from '../protocol/query-service.js'
import { EC2_ACTIONS } from './actions.js'
import { imageWorkOf } from './images/image-work.js'
import { lifecycleOf } from './instances/lifecycle.js'
import { applyNetworkPolicy } from './network-policy.js'
import { throttle } from './request-limits.js'
import { followInstances } from './spot/follow.js'
import { openSpotRequestsOf } from './spot/fulfil.js'
import { sweepNowAndThen } from './sweep.js'
import { noteNew, visible } from './visibility.js'
import { volumeWorkOf } from './volumes/volume-work.js'

export { beginFaults, enableFaultActs } from './begin-faults.js'
export { FAULT_KINDS, type Fault, type FaultKind, faultText, parseFault } from './fault-kinds.js'
export { faultsOf } from './faults.js'
export { type ImportRequest, importImage } from './images/import-image.js'
export { type DiskAct, diskAct } from './instances/disk-acts.js'
export { closeLifecycle, reconcile, settled } from './instances/reconcile.js'
export { metadataSource } from './metadata-source.js'
export { applyNetworkPolicy } from './network-policy.js'
export { hasRole, profileAct } from './profiles/profiles.js'
export { emptyEc2State, forgetBaseImages, registerBaseImage } from './state.js'
export { type StorageUse, storageUse } from './volumes/storage-use.js'

/**
 * EC2 of the local cloud. Around it: `registerBaseImage` before the first launch, `reconcile` once after
 * `engine.open`, `closeLifecycle` before `engine.close`.
 */
export const handleEc2: ServiceHandler = createQueryService({
  dialect: 'ec2',
  xmlns: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  actions: EC2_ACTIONS,
  before: (cloud, action, input) => {
    throttle(cloud, action, input)
    sweepNowAndThen(cloud)
    followInstances(cloud)
    return visible(cloud, action, input)
  },
  // Requests that are fulfilled now launch below. A node never runs without its rules, and an answer says that they hold.
  afterCommit: async (cloud) => {
    noteNew(cloud)
    await openSpotRequestsOf(cloud).look()
    await applyNetworkPolicy(cloud)
    volumeWorkOf(cloud).wake()
    lifecycleOf(cloud).wake()
    imageWorkOf(cloud).wake()
  },
})
