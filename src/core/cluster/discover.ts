import type { SecurityGroup } from '@aws-sdk/client-ec2'
import { describeSecurityGroups } from '../aws/security-groups.js'
import { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { ClusterDoesNotExist } from './errors.js'
import { readMarks } from './marks.js'
import type { NodePool } from './node-pool.js'
import { readRecord } from './record.js'
import { checkTag, groupName, tagOfGroup } from './tag.js'

/** A cluster's security group: all there is to know before its settings are read. */
export interface ClusterGroup {
  readonly tag: string
  readonly id: string
  readonly vpcId: string
  readonly group: SecurityGroup
}

/** Security groups of the clusters with these tags, or of all clusters, by tag. One request. */
export async function findGroups(
  { aws }: Pick<ClusterDeps, 'aws'>,
  tags?: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, ClusterGroup>> {
  const patterns = tags ? tags.map(groupName) : [groupName('*')]
  const groups = await describeSecurityGroups(aws.ec2, patterns, signal)
  const found = groups.flatMap((group): [string, ClusterGroup][] => {
    const tag = tagOfGroup(group.GroupName)
    if (tag === undefined || !group.GroupId) return []
    return [[tag, { tag, id: group.GroupId, vpcId: group.VpcId ?? '', group }]]
  })
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The group of a cluster that must exist. @throws ClusterDoesNotExist naming the nearest and all active ones */
export async function findGroup(
  deps: Pick<ClusterDeps, 'aws' | 'region'>,
  tag: string,
  signal?: AbortSignal,
): Promise<ClusterGroup> {
  checkTag(tag)
  const found = (await findGroups(deps, [tag], signal)).get(tag)
  if (found) return found
  const active = [...(await findGroups(deps, undefined, signal)).keys()]
  throw new ClusterDoesNotExist(tag, deps.region.name, active)
}

/** The cluster of a group. Its settings are read when they are asked for: one that cannot be read can still be terminated. */
export function clusterOf(deps: ClusterDeps, pool: NodePool, { tag, id, group }: ClusterGroup): Cluster {
  return new Cluster(tag, id, () => readRecord(tag, group.Tags), deps, pool, readMarks(group.Tags))
}
