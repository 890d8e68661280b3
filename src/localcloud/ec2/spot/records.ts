import type { RequestSpotLaunchSpecification } from '@aws-sdk/client-ec2'
import { newId } from '../resource-ids.js'
import type { Ec2State, InstanceRecord } from '../state.js'

export type SpotBehavior = 'terminate' | 'stop' | 'hibernate'

/** How an instance is asked for on the spot market, by RunInstances or RequestSpotInstances. */
export interface SpotTerms {
  readonly type: 'one-time' | 'persistent'
  readonly behavior: SpotBehavior
  /** Dollars an hour, as it came. Nothing costs anything here, so no price is too low. */
  readonly maxPrice?: string
  /** ISO 8601: an open request ends then. */
  readonly validUntil?: string
}

/** Source: EC2 API reference, SpotInstanceRequest. */
export interface SpotRequestRecord extends SpotTerms {
  readonly id: string
  readonly createdAt: string
  state: 'open' | 'active' | 'closed' | 'cancelled' | 'failed' | 'disabled'
  status: { code: SpotStatus; at: string }
  instanceId?: string
  /** What to launch while it is open; those of RunInstances are never open. */
  readonly launch?: RequestSpotLaunchSpecification
  /** Of what was launched. */
  launched?: { instanceType: string; imageId: string; zone: string }
}

/** Source: EC2 User Guide, "Spot request status codes". */
export const SPOT_STATUS = {
  'pending-evaluation': 'Your Spot request has been submitted for review, and is pending evaluation.',
  fulfilled: 'Your spot request is fulfilled.',
  'capacity-not-available': 'There is no capacity available that matches your request.',
  'bad-parameters': 'Your Spot request failed due to bad parameters.',
  'schedule-expired': 'Your Spot request expired before it was fulfilled.',
  'canceled-before-fulfillment': 'Your Spot request was canceled before it was fulfilled.',
  'request-canceled-and-instance-running': 'Your Spot request is canceled, but your instance is still running.',
  'marked-for-stop': 'Your Spot Instance is marked for stopping.',
  'marked-for-termination': 'Your Spot Instance is marked for termination.',
  'instance-stopped-by-user': 'Your Spot Instance was stopped by user.',
  'instance-stopped-no-capacity': 'Your Spot Instance was stopped because there is no longer capacity for it.',
  'instance-terminated-by-user': 'Your Spot Instance was terminated by user.',
  'instance-terminated-no-capacity': 'Your Spot Instance was terminated because there is no longer capacity for it.',
} as const

export type SpotStatus = keyof typeof SPOT_STATUS

/** By request id. Older states have none. */
export function spotRequestsOf(state: Ec2State): Record<string, SpotRequestRecord> {
  state.spotRequests ??= {}
  return state.spotRequests
}

export function setStatus(request: SpotRequestRecord, code: SpotStatus, now: Date): void {
  if (request.status.code !== code) request.status = { code, at: now.toISOString() }
}

/** Kept in the state, open. */
export function newSpotRequest(
  state: Ec2State,
  now: Date,
  given: SpotTerms & Pick<SpotRequestRecord, 'launch'>,
): SpotRequestRecord {
  const request: SpotRequestRecord = {
    ...given,
    id: newId('sir').slice(0, 12),
    createdAt: now.toISOString(),
    state: 'open',
    status: { code: 'pending-evaluation', at: now.toISOString() },
  }
  spotRequestsOf(state)[request.id] = request
  return request
}

export function fulfilled(request: SpotRequestRecord, instance: InstanceRecord, now: Date): void {
  const { instanceType, imageId, zone } = instance
  request.state = 'active'
  request.instanceId = instance.id
  request.launched = { instanceType, imageId, zone }
  instance.spotRequestId = request.id
  setStatus(request, 'fulfilled', now)
}
