import type { EC2, Filter, Instance } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'
import { allPages } from './pages.js'

type Ec2 = Pick<EC2, 'describeInstances' | 'getConsoleOutput'>

/** EC2's largest page. */
const pageSize = 1000

/**
 * Instances one call may be about: EC2's limit for ids, and what its bucket for launches and starts holds when it is full.
 * Source: EC2 Developer Guide, "Request throttling for the Amazon EC2 API", resource rate limiting.
 */
export const instancesPerCall = 1000

/** Pieces of at most `size`, in order. */
export function inParts<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
}

/** Asks about instances in calls of at most 1000, one after the other. */
export async function inCalls(ids: readonly string[], call: (some: string[]) => Promise<unknown>): Promise<void> {
  for (const some of inParts(ids, instancesPerCall)) await call(some)
}

/** States of an instance that still exists; a terminated one is listed for about an hour and has no group. */
export const livingStates = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'] as const

/** Instances that match all filters, in no particular order; one request per 1000. */
export async function describeInstances(
  ec2: Pick<EC2, 'describeInstances'>,
  filters: Filter[],
  signal?: AbortSignal,
): Promise<Instance[]> {
  return allPages(async (next) => {
    const asked = { Filters: filters, MaxResults: pageSize, ...next }
    const { Reservations, NextToken } = await ec2.describeInstances(asked, abortable(signal))
    return { items: Reservations?.flatMap(({ Instances = [] }) => Instances), next: NextToken }
  })
}

/** The instances with these ids that EC2 knows, terminated ones too. Ids it does not know (yet) are left out. */
export async function describeInstancesById(
  ec2: Pick<EC2, 'describeInstances'>,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Instance[]> {
  // As a filter, not as InstanceIds: an id that is not visible yet then gives no error for all the others.
  const pages = await Promise.all(
    // EC2 takes 200 values a filter.
    inParts(ids, 200).map((Values) => describeInstances(ec2, [{ Name: 'instance-id', Values }], signal)),
  )
  return pages.flat()
}

/** Console output as text; empty when there is none yet. `Latest` is live on Nitro; older types answer without it. */
export async function consoleOutput(ec2: Ec2, instanceId: string, signal?: AbortSignal): Promise<string> {
  const ask = async (latest: boolean) => {
    const { Output } = await ec2.getConsoleOutput(
      { InstanceId: instanceId, ...(latest ? { Latest: true } : {}) },
      abortable(signal),
    )
    return Buffer.from(Output ?? '', 'base64').toString('utf8')
  }
  try {
    return await ask(true)
  } catch (error) {
    if (error instanceof Error && error.name === 'UnsupportedOperation') return ask(false)
    throw error
  }
}

/** Value of a tag, or undefined. */
export function tagOf(
  resource: { Tags?: { Key?: string | undefined; Value?: string | undefined }[] | undefined },
  key: string,
) {
  return resource.Tags?.find((tag) => tag.Key === key)?.Value
}
