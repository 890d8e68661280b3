import type { EC2, Tag } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { tagOf } from '../aws/instances.js'
import { allPages } from '../aws/pages.js'
import { membersOfPlacementGroups } from '../aws/placement-groups.js'
import { clusterTagKey } from '../node/instance-view.js'
import type { Leftover } from './leftover.js'

const tagged = [{ Name: 'tag-key', Values: [clusterTagKey] }]

/** What on AWS carries the tag of a cluster that is not among these. A handful of requests, however much there is. */
export async function leftoversOnAws(
  ec2: EC2,
  clusters: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Leftover[]> {
  const listed = await Promise.all([spotRequests(ec2, signal), placementGroups(ec2, clusters, signal)])
  return listed.flat().flatMap(({ kind, id, cluster }) => {
    if (cluster === undefined || clusters.has(cluster)) return []
    return [{ kind, id, cluster, why: `cluster ${cluster} does not exist` }]
  })
}

interface Candidate {
  readonly kind: Leftover['kind']
  readonly id: string
  readonly cluster: string | undefined
}

function candidate(kind: Leftover['kind'], id: string | undefined, resource: { Tags?: Tag[] | undefined }): Candidate {
  return { kind, id: id ?? '', cluster: tagOf(resource, clusterTagKey) }
}

async function spotRequests(ec2: EC2, signal?: AbortSignal): Promise<Candidate[]> {
  const filters = [...tagged, { Name: 'state', Values: ['open', 'active'] }]
  const found = await allPages(async (next) => {
    const asked = { Filters: filters, ...next }
    const { SpotInstanceRequests: items, NextToken } = await ec2.describeSpotInstanceRequests(asked, abortable(signal))
    return { items, next: NextToken }
  })
  return found.map((one) => candidate('spot request', one.SpotInstanceRequestId, one))
}

/** Not those that an instance is in which was taken out of its cluster. */
async function placementGroups(ec2: EC2, clusters: ReadonlySet<string>, signal?: AbortSignal): Promise<Candidate[]> {
  try {
    const { PlacementGroups = [] } = await ec2.describePlacementGroups({ Filters: tagged }, abortable(signal))
    const found = PlacementGroups.map((one) => candidate('placement group', one.GroupName, one))
    const left = found.filter(({ cluster }) => cluster !== undefined && !clusters.has(cluster))
    const members = await membersOfPlacementGroups(
      ec2,
      left.map(({ id }) => id),
      signal,
    )
    const used = new Set(members.map(({ Placement }) => Placement?.GroupName))
    return left.filter(({ id }) => !used.has(id))
  } catch (error) {
    if (isAwsError(error, 'InvalidAction', 'UnauthorizedOperation')) return [] // a region that has none, or not for us
    throw error
  }
}
