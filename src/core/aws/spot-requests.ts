import type { EC2, SpotInstanceRequest } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'

/** What EC2 tells of spot instances that it is going to end, by the id of their request. */
export async function interruptionNotices(
  ec2: Pick<EC2, 'describeSpotInstanceRequests'>,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const requests = await describeSpotRequests(ec2, ids, signal)
  const marked = requests.filter(({ Status }) => Status?.Code?.startsWith('marked-for-'))
  return new Map(marked.map(({ SpotInstanceRequestId = '', Status }) => [SpotInstanceRequestId, Status?.Message ?? '']))
}

/** Spot requests of these ids as EC2 gives them, those it has forgotten left out. One request per 200 ids. */
export async function describeSpotRequests(
  ec2: Pick<EC2, 'describeSpotInstanceRequests'>,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<SpotInstanceRequest[]> {
  const chunks: string[][] = []
  for (let at = 0; at < ids.length; at += 200) chunks.push(ids.slice(at, at + 200)) // EC2 takes 200 values a filter
  const pages = await Promise.all(
    chunks.map((Values) =>
      ec2.describeSpotInstanceRequests({ Filters: [{ Name: 'spot-instance-request-id', Values }] }, abortable(signal)),
    ),
  )
  return pages.flatMap(({ SpotInstanceRequests = [] }) => SpotInstanceRequests)
}
