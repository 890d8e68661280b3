import type { Cloud } from '../cloud.js'
import { AwsError } from '../protocol/aws-error.js'

/** What goes wrong on demand, in this process only; nothing by default. */
export interface Ec2Faults {
  /** Launches that match are refused with InsufficientInstanceCapacity, `times` times (default: always). */
  capacity?: { instanceType?: string; zone?: string; times?: number }
  /** EC2's documented request limits. */
  throttle?: boolean
}

const faults = new WeakMap<Cloud, Ec2Faults>()

/** The faults of a cloud, to be changed in place. */
export function faultsOf(cloud: Cloud): Ec2Faults {
  let known = faults.get(cloud)
  if (!known) faults.set(cloud, (known = {}))
  return known
}

/** @throws AwsError InsufficientInstanceCapacity, status 500 as on EC2, so that the SDK tries again */
export function refuseForCapacity(cloud: Cloud, instanceType: string, zone: string): void {
  const { capacity } = faultsOf(cloud)
  if (!capacity || capacity.times === 0) return
  if ((capacity.instanceType ?? instanceType) !== instanceType || (capacity.zone ?? zone) !== zone) return
  if (capacity.times !== undefined) capacity.times--
  const message =
    `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). ` +
    'Our system will be working on provisioning additional capacity.'
  throw new AwsError('InsufficientInstanceCapacity', message, 500)
}

interface Limit {
  readonly capacity: number
  readonly perSecond: number
}

/**
 * Requests an account may make in a region, each action by itself, and how fast they come back.
 * Source: EC2 Developer Guide, "Request throttling for the Amazon EC2 API"
 * (docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
 */
const READS: Limit = { capacity: 100, perSecond: 20 }
const UNFILTERED_READS: Limit = { capacity: 50, perSecond: 10 }
const WRITES: Limit = { capacity: 50, perSecond: 5 }
const OWN: Readonly<Record<string, Limit>> = {
  RunInstances: { capacity: 5, perSecond: 2 },
  StartInstances: { capacity: 5, perSecond: 2 },
  StopInstances: { capacity: 50, perSecond: 5 },
  TerminateInstances: { capacity: 100, perSecond: 5 },
  CreateTags: { capacity: 100, perSecond: 10 },
  DeleteTags: { capacity: 100, perSecond: 10 },
}

/** These count against the lower limit when they neither filter, nor name ids, nor ask for a page. */
const LISTINGS = /^Describe(?:Instances|InstanceStatus|SecurityGroups|Subnets|Vpcs|Images)$/

interface Bucket {
  tokens: number
  at: number
}

const buckets = new WeakMap<Cloud, Map<string, Bucket>>()

/**
 * Takes a token from the bucket the request counts against.
 *
 * @throws AwsError RequestLimitExceeded, status 503
 */
export function throttle(cloud: Cloud, action: string, input: object): void {
  if (!faultsOf(cloud).throttle) return
  const [name, limit] = limitOf(action, input)
  let known = buckets.get(cloud)
  if (!known) buckets.set(cloud, (known = new Map()))
  const now = cloud.now().getTime()
  const bucket = known.get(name) ?? { tokens: limit.capacity, at: now }
  const refilled = Math.min(limit.capacity, bucket.tokens + ((now - bucket.at) / 1000) * limit.perSecond)
  known.set(name, { tokens: refilled >= 1 ? refilled - 1 : refilled, at: now })
  if (refilled < 1) throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503)
}

function limitOf(action: string, input: object): readonly [bucket: string, limit: Limit] {
  const own = Object.hasOwn(OWN, action) ? OWN[action] : undefined
  if (own) return [action, own]
  if (!/^(?:Describe|Get)/.test(action)) return [action, WRITES]
  const narrowed = Object.values(input).some((value) => value !== undefined && value !== false)
  return LISTINGS.test(action) && !narrowed ? [`${action} of all`, UNFILTERED_READS] : [action, READS]
}
