import type { Cloud } from '../cloud.js'
import { faultActs } from './fault-acts.js'
import { faultsOf } from './faults.js'
import { openSpotRequestsOf } from './spot/fulfil.js'

/** To be called once for a cloud, when its engine is open: faults may act, requests that waited are looked at again. */
export async function beginFaults(cloud: Cloud): Promise<void> {
  enableFaultActs(cloud)
  // Faults end with the daemon that they were injected into.
  await cloud.engine.fullDisk?.freeAll()
  await openSpotRequestsOf(cloud).look()
}

/** Kinds of faults that do something at once may be injected. */
export function enableFaultActs(cloud: Cloud): void {
  faultsOf(cloud).act(faultActs(cloud))
}
