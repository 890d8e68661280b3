import type { EC2, SpotInstanceRequest } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'

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
