import type { Cloud } from '../cloud.js'
import { own } from './resource-ids.js'
import { forgetTags } from './tags/tags.js'
import { networkOf } from './vpc/records.js'

/** Source: EC2 User Guide, "Terminate instances": a terminated instance stays visible for a short while (about an hour). */
const TERMINATED_VISIBLE_MS = 3_600_000
/** Client tokens are remembered longer than any client tries again. */
const TOKEN_MS = 48 * 3_600_000
/** Spot requests that are over are shown for two days. */
const ENDED: ReadonlySet<string> = new Set(['closed', 'cancelled', 'failed'])
const EVERY_MS = 60_000

const lastSweep = new WeakMap<Cloud, number>()

/** Forgets what EC2 would have forgotten by now; saved with the next change. */
export function sweep(cloud: Cloud): void {
  const { ec2 } = cloud.state
  const now = cloud.now().getTime()
  for (const [id, instance] of Object.entries(ec2.instances)) {
    if (instance.terminatedAt === undefined || now - Date.parse(instance.terminatedAt) < TERMINATED_VISIBLE_MS) continue
    delete ec2.instances[id]
    forgetTags(ec2, id)
    if (!own(networkOf(ec2).interfaces, instance.networkInterfaceId)) forgetTags(ec2, instance.networkInterfaceId)
  }
  for (const [token, launch] of Object.entries(ec2.launches)) {
    if (now - Date.parse(launch.at) >= TOKEN_MS) delete ec2.launches[token]
  }
  for (const [id, request] of Object.entries(ec2.spotRequests ?? {})) {
    if (
      ENDED.has(request.state) &&
      !ec2.instances[request.instanceId ?? ''] &&
      now - Date.parse(request.status.at) >= TOKEN_MS
    ) {
      delete ec2.spotRequests?.[id]
      forgetTags(ec2, id)
    }
  }
  lastSweep.set(cloud, now)
}

/** At most once a minute. */
export function sweepNowAndThen(cloud: Cloud): void {
  if (cloud.now().getTime() - (lastSweep.get(cloud) ?? 0) >= EVERY_MS) sweep(cloud)
}
