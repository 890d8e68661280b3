import type { Cloud } from '../cloud.js'
import { faultActs } from './fault-acts.js'
import { faultsOf } from './faults.js'
import { openSpotRequestsOf } from './spot/fulfil.js'

/** To be called once for a cloud, when its engine is open: faults may act, requests that waited are looked at again. */
export async function beginFaults(cloud: Cloud): Promise<void> {
  enableFaultActs(cloud)
  // Faults end with the daemon that they were injected into.
  const complain = (error: Error) => cloud.log.warn(`disks that were filled are not free yet: ${error.message}`)
  await cloud.engine.fullDisk?.freeAll().catch(complain)
  await openSpotRequestsOf(cloud).look()
}

/** Kinds of faults that do something at once may be injected. */
export function enableFaultActs(cloud: Cloud): void {
  faultsOf(cloud).act(faultActs(cloud))
}
