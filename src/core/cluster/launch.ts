import type { EC2, Instance } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { tagOf } from '../aws/instances.js'
import { createPlacementGroup } from '../aws/placement-groups.js'
import { createSecurityGroup } from '../aws/security-groups.js'
import { clusterTagKey } from '../node/instance-view.js'
import type { ClusterDeps } from './deps.js'
import type { ClusterGroup } from './discover.js'
import { clusterExists } from './errors.js'
import { type LaunchableGroup, launchRequest, withTags } from './launch-request.js'
import { poll } from './poll.js'
import { recordTags } from './record.js'
import { groupName } from './tag.js'
import type { CheckedPlan } from './validate.js'

/** Tag of a cluster's group as long as nodes of its first launch may be missing. */
const launchingTag = 'starcluster:launching'

/** True when the start of a cluster has not launched all its nodes, or not told so. */
export function isLaunching({ group }: Pick<ClusterGroup, 'group'>): boolean {
  return tagOf(group, launchingTag) !== undefined
}

/** Makes the security group that is the cluster. @throws ClusterExists when another program was faster */
export async function createGroup(
  deps: ClusterDeps,
  plan: CheckedPlan,
  sshCidr: string | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const version = deps.version ?? '1'
  try {
    return await createSecurityGroup(
      deps.aws.ec2,
      {
        name: groupName(plan.tag),
        description: `StarCluster ${version}`,
        vpcId: plan.network.vpcId,
        tags: withTags(
          [...recordTags(plan.record, version), { Key: launchingTag, Value: 'true' }],
          plan.record.launch?.tags ?? {},
        ),
        sshCidr,
        permissions: plan.permissions,
      },
      signal,
    )
  } catch (error) {
    if (isAwsError(error, 'InvalidGroup.Duplicate')) throw clusterExists(plan.tag, [])
    throw error
  }
}

/** The first launch of a cluster, or what is missing of it. */
export async function launchCluster(
  deps: ClusterDeps,
  plan: CheckedPlan,
  groupId: string,
  signal?: AbortSignal,
): Promise<Instance[]> {
  const instances = await launchNodes(deps, plan, groupId, signal)
  await endLaunch(deps, groupId, signal)
  return instances
}

/** Notes that no node of the first launch is missing. */
export async function endLaunch(
  { aws }: Pick<ClusterDeps, 'aws'>,
  groupId: string,
  signal?: AbortSignal,
): Promise<void> {
  await aws.ec2.deleteTags({ Resources: [groupId], Tags: [{ Key: launchingTag }] }, abortable(signal))
}

/**
 * Launches all nodes: one call per (type, image), the master's group first, the others into the zone it landed in.
 * Every call launches all of its nodes or none.
 */
export async function launchNodes(
  deps: ClusterDeps,
  plan: CheckedPlan,
  groupId: string,
  signal?: AbortSignal,
): Promise<Instance[]> {
  const [first, ...others] = plan.groups
  if (!first) return []
  if (plan.record.placementGroup) await makePlacementGroup(deps, plan, signal)
  const masters = await runInstances(deps.aws.ec2, plan, first, groupId, plan.record.zone, signal)
  const zone = masters[0]?.Placement?.AvailabilityZone ?? plan.record.zone
  const rest = await Promise.allSettled(
    others.map((group) => runInstances(deps.aws.ec2, plan, group, groupId, zone, signal)),
  )
  const failed = rest.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return [...masters, ...rest.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))]
}

/** Asked for, and some type can be in it. */
export const needsPlacementGroup = ({ record, groups }: CheckedPlan): boolean =>
  record.placementGroup === true && groups.some(({ clusterPlacement }) => clusterPlacement)

/** The group that is the cluster is there by now: terminating it finds this one too, whenever a start is interrupted. */
async function makePlacementGroup(deps: ClusterDeps, plan: CheckedPlan, signal?: AbortSignal): Promise<void> {
  const outside = new Set(plan.groups.filter((one) => !one.clusterPlacement).map((one) => one.instanceType))
  for (const type of outside) deps.log.warn(`instance type ${type} cannot be in a placement group: its nodes are not`)
  if (!needsPlacementGroup(plan)) return
  const tags = withTags([{ Key: clusterTagKey, Value: plan.tag }], plan.record.launch?.tags ?? {})
  await createPlacementGroup(deps.aws.ec2, groupName(plan.tag), tags, signal)
}

async function runInstances(
  ec2: EC2,
  plan: CheckedPlan,
  group: LaunchableGroup,
  groupId: string,
  zone: string | undefined,
  signal?: AbortSignal,
): Promise<Instance[]> {
  const input = launchRequest(plan, group, groupId, zone)
  const attempt = async () => {
    try {
      return (await ec2.runInstances(input, abortable(signal))).Instances ?? []
    } catch (error) {
      // What was made a moment ago is not known everywhere at once.
      if (isAwsError(error, 'InvalidGroup.NotFound', 'InvalidKeyPair.NotFound')) return undefined
      throw error
    }
  }
  return poll(`EC2 to know the security group of cluster ${plan.tag}`, attempt, {
    timeoutMs: 60_000,
    slowestMs: 5000,
    signal,
  })
}
