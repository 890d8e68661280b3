import type { Cloud } from '../cloud.js'
import { AwsError } from '../protocol/aws-error.js'
import { faultsOf } from './faults.js'

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
  TerminateInstances: { capacity: 100, perSecond: 5 },
  CreateTags: { capacity: 100, perSecond: 10 },
  DeleteTags: { capacity: 100, perSecond: 10 },
}

/** Instances that requests may ask for, in a bucket beside that of the requests. Source: there, "Resource token limits". */
const INSTANCES: Readonly<Record<string, Limit>> = {
  RunInstances: { capacity: 1000, perSecond: 2 },
  StartInstances: { capacity: 1000, perSecond: 2 },
}

/** These count against the lower limit when they neither filter, nor name ids, nor ask for a page. */
const LISTINGS =
  /^Describe(?:Instances|InstanceStatus|SecurityGroups|Subnets|Vpcs|Images|Volumes|Snapshots|NetworkInterfaces)$/

interface Bucket {
  tokens: number
  at: number
}

const buckets = new WeakMap<Cloud, Map<string, Bucket>>()

/**
 * While the fault `throttle` is injected, takes tokens from the buckets the request counts against.
 *
 * @throws AwsError RequestLimitExceeded, status 503
 */
export function throttle(cloud: Cloud, action: string, input: object): void {
  if (!faultsOf(cloud).get('throttle')) {
    buckets.delete(cloud) // they are full when it is injected again
    return
  }
  const [name, limit] = limitOf(action, input)
  take(cloud, name, limit, 1)
  const resources = Object.hasOwn(INSTANCES, action) ? INSTANCES[action] : undefined
  if (resources) take(cloud, `${action} instances`, resources, instancesIn(input))
}

function take(cloud: Cloud, name: string, limit: Limit, count: number): void {
  let known = buckets.get(cloud)
  if (!known) buckets.set(cloud, (known = new Map()))
  const now = cloud.now().getTime()
  const bucket = known.get(name) ?? { tokens: limit.capacity, at: now }
  const refilled = Math.min(limit.capacity, bucket.tokens + ((now - bucket.at) / 1000) * limit.perSecond)
  const enough = refilled >= count
  known.set(name, { tokens: enough ? refilled - count : refilled, at: now })
  if (!enough) throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503)
}

function instancesIn(input: { MaxCount?: number; InstanceIds?: readonly string[] }): number {
  return input.MaxCount ?? input.InstanceIds?.length ?? 1
}

function limitOf(action: string, input: object): readonly [bucket: string, limit: Limit] {
  const own = Object.hasOwn(OWN, action) ? OWN[action] : undefined
  if (own) return [action, own]
  if (!/^(?:Describe|Get)/.test(action)) return [action, WRITES]
  const narrowed = Object.values(input).some((value) => value !== undefined && value !== false)
  return LISTINGS.test(action) && !narrowed ? [`${action} of all`, UNFILTERED_READS] : [action, READS]
}
