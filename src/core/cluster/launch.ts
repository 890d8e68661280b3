import type { Instance } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { tagOf } from '../aws/instances.js'
import { createPlacementGroup } from '../aws/placement-groups.js'
import { createSecurityGroup } from '../aws/security-groups.js'
import { clusterTagKey } from '../node/instance-view.js'
import { foldNodeNames } from '../ssh/fold.js'
import type { ClusterDeps } from './deps.js'
import type { ClusterGroup } from './discover.js'
import { clusterExists } from './errors.js'
import type { LaunchAttempt } from './launch-attempts.js'
import { launchGroup } from './launch-group.js'
import { attemptKey, type LaunchNotes, type NoteLaunch, readNotes, writeNotes } from './launch-notes.js'
import { withTags } from './launch-request.js'
import { markTags } from './marks.js'
import { recordTags } from './record.js'
import { groupName } from './tag.js'
import type { CheckedGroup, CheckedPlan } from './validate.js'

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
          [...recordTags(plan.record, version), ...markTags(plan.marks ?? {}), { Key: launchingTag, Value: 'true' }],
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

/** How nodes were launched by a start that was interrupted. */
export function notesOf({ group }: Pick<ClusterGroup, 'group'>): LaunchNotes {
  return readNotes(tagOf(group, launchingTag))
}

/** The first launch of a cluster, or what is missing of it. */
export async function launchCluster(
  deps: ClusterDeps,
  plan: CheckedPlan,
  groupId: string,
  signal?: AbortSignal,
): Promise<Instance[]> {
  const note: NoteLaunch = async (notes) => {
    const Tags = [{ Key: launchingTag, Value: writeNotes(notes) }]
    await deps.aws.ec2.createTags({ Resources: [groupId], Tags }, abortable(signal))
  }
  const instances = await launchNodes(deps, plan, groupId, note, signal)
  try {
    await endLaunch(deps, groupId, signal)
  } catch (error) {
    if (signal?.aborted) throw error
    // The nodes are there; only `start -x` will look once more whether one is missing.
    deps.log.warn(`the mark of a launch under way stays on cluster ${plan.tag}: ${messageOf(error)}`)
  }
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
 * Launches all nodes, one call per (type, image) where EC2 has capacity at once; as many as the plan may lack are left out
 * where it has not. One group after the other: the later ones go to the zone of the first, and calls side by side would
 * only share EC2's bucket for launches.
 */
export async function launchNodes(
  deps: ClusterDeps,
  plan: CheckedPlan,
  groupId: string,
  noteAll: NoteLaunch,
  signal?: AbortSignal,
): Promise<Instance[]> {
  if (plan.record.placementGroup) await makePlacementGroup(deps, plan, signal)
  const launched: Instance[] = []
  let notes = plan.notes ?? {}
  const missing: string[] = []
  let zones: readonly (string | undefined)[] = [plan.record.zone, ...plan.fallbackZones]
  for (const group of inOrder(plan)) {
    const mayLack = (plan.mayLack ?? 0) - missing.length
    const first = group.aliases[0] ?? ''
    const note = async (attempt: LaunchAttempt) => {
      notes = { ...notes, [first]: attemptKey(attempt) }
      await noteAll(notes)
    }
    const noted = notes[first]
    const instances = await launchGroup(deps, plan, group, { groupId, zones, mayLack, noted, note, signal })
    const zone = instances[0]?.Placement?.AvailabilityZone
    if (zone) zones = [zone]
    launched.push(...instances)
    missing.push(...group.aliases.slice(instances.length))
  }
  if (missing.length > 0) {
    deps.log.warn(
      `EC2 lacks capacity: the cluster begins without ${foldNodeNames(missing)}; "starcluster addnode -n ${missing.length} ${plan.tag}" adds as many later`,
    )
  }
  return launched
}

/** The master's group first; where zones can be tried, the largest: the hardest to find room for chooses the zone. */
function inOrder({ groups, fallbackZones }: CheckedPlan): readonly CheckedGroup[] {
  return fallbackZones.length === 0 ? groups : groups.toSorted((a, b) => b.aliases.length - a.aliases.length)
}

/** Asked for, and some type can be in it. */
export const needsPlacementGroup = ({ record, groups }: CheckedPlan): boolean =>
  record.placementGroup === true &&
  groups.some((group) => [group, ...group.alternatives].some(({ clusterPlacement }) => clusterPlacement))

/** The group that is the cluster is there by now: terminating it finds this one too, whenever a start is interrupted. */
async function makePlacementGroup(deps: ClusterDeps, plan: CheckedPlan, signal?: AbortSignal): Promise<void> {
  const outside = new Set(plan.groups.filter((one) => !one.clusterPlacement).map((one) => one.instanceType))
  for (const type of outside) deps.log.warn(`instance type ${type} cannot be in a placement group: its nodes are not`)
  if (!needsPlacementGroup(plan)) return
  const tags = withTags([{ Key: clusterTagKey, Value: plan.tag }], plan.record.launch?.tags ?? {})
  await createPlacementGroup(deps.aws.ec2, groupName(plan.tag), tags, signal)
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
