import type { EC2, IpPermission, SecurityGroup, Tag } from '@aws-sdk/client-ec2'
import { waitFor } from '../wait.js'
import { abortable } from './caller-identity.js'
import { isAwsError } from './errors.js'
import { type Access, groupRules } from './group-rules.js'
import { allPages } from './pages.js'

/** Security groups whose name matches one of the patterns (`*` matches anything); one request per 1000. */
export async function describeSecurityGroups(
  ec2: Pick<EC2, 'describeSecurityGroups'>,
  namePatterns: string[],
  signal?: AbortSignal,
): Promise<SecurityGroup[]> {
  return allPages(async (next) => {
    const asked = { Filters: [{ Name: 'group-name', Values: namePatterns }], MaxResults: 1000, ...next }
    const { SecurityGroups: items, NextToken } = await ec2.describeSecurityGroups(asked, abortable(signal))
    return { items, next: NextToken }
  })
}

/** Id of the group that instances of a VPC are in when nothing else is said. */
export async function defaultGroupOf(
  ec2: Pick<EC2, 'describeSecurityGroups'>,
  vpcId: string,
  signal?: AbortSignal,
): Promise<string> {
  const filters = [
    { Name: 'vpc-id', Values: [vpcId] },
    { Name: 'group-name', Values: ['default'] },
  ]
  const { SecurityGroups } = await ec2.describeSecurityGroups({ Filters: filters }, abortable(signal))
  const id = SecurityGroups?.[0]?.GroupId
  if (!id) throw new Error(`VPC ${vpcId} has no default security group`)
  return id
}

export interface NewSecurityGroup extends Access {
  readonly name: string
  readonly description: string
  readonly vpcId: string
  readonly tags: Tag[]
}

/** Makes a group whose members reach each other freely and are reached by ssh from `sshCidr`. @returns its id */
export async function createSecurityGroup(
  ec2: Pick<EC2, 'createSecurityGroup' | 'authorizeSecurityGroupIngress' | 'deleteSecurityGroup'>,
  group: NewSecurityGroup,
  signal?: AbortSignal,
): Promise<string> {
  const { GroupId } = await ec2.createSecurityGroup(
    {
      GroupName: group.name,
      Description: group.description,
      VpcId: group.vpcId,
      TagSpecifications: [{ ResourceType: 'security-group', Tags: group.tags }],
    },
    abortable(signal),
  )
  if (!GroupId) throw new Error(`EC2 answered CreateSecurityGroup for ${group.name} without an id`)
  try {
    await authorize(ec2, GroupId, groupRules(GroupId, group), signal)
  } catch (error) {
    // Refused for good; an interrupted one is a start to go on with.
    if (!signal?.aborted) await ec2.deleteSecurityGroup({ GroupId }).catch(() => undefined)
    throw error
  }
  return GroupId
}

/** Opens ports of a group that may have been made a moment ago; a rule that exists already is fine. */
export async function authorize(
  ec2: Pick<EC2, 'authorizeSecurityGroupIngress'>,
  groupId: string,
  rules: readonly IpPermission[],
  signal?: AbortSignal,
): Promise<void> {
  const attempt = async () => {
    try {
      await ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [...rules] }, abortable(signal))
      return true
    } catch (error) {
      if (isAwsError(error, 'InvalidGroup.NotFound')) return undefined
      if (!isAwsError(error, 'InvalidPermission.Duplicate')) throw error
      // EC2 refuses all of a request when one rule exists already.
      if (rules.length > 1) for (const rule of rules) await authorize(ec2, groupId, [rule], signal)
      return true
    }
  }
  await waitFor(`EC2 to know security group ${groupId}`, attempt, { timeoutMs: 60_000, ...(signal ? { signal } : {}) })
}

/**
 * Closes ports of a group; a rule that is gone already is fine.
 *
 * In a default VPC EC2 answers only with what it did not know, in others it refuses all of a request for one such rule.
 * Source: EC2 API reference, RevokeSecurityGroupIngress.
 */
export async function revoke(
  ec2: Pick<EC2, 'revokeSecurityGroupIngress'>,
  groupId: string,
  rules: readonly IpPermission[],
  signal?: AbortSignal,
): Promise<void> {
  try {
    await ec2.revokeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [...rules] }, abortable(signal))
  } catch (error) {
    if (!isAwsError(error, 'InvalidPermission.NotFound')) throw error
    if (rules.length > 1) for (const rule of rules) await revoke(ec2, groupId, [rule], signal)
  }
}

/**
 * Deletes a group as soon as nothing uses it any more. A group that is gone already is fine.
 *
 * @param options.inUse called each time something uses it still
 */
export async function deleteSecurityGroup(
  ec2: Pick<EC2, 'deleteSecurityGroup'>,
  groupId: string,
  {
    timeoutMs = 300_000,
    signal,
    inUse,
  }: { timeoutMs?: number; signal?: AbortSignal | undefined; inUse?: () => Promise<void> } = {},
): Promise<void> {
  const attempt = async () => {
    try {
      await ec2.deleteSecurityGroup({ GroupId: groupId }, abortable(signal))
      return true
    } catch (error) {
      if (isAwsError(error, 'InvalidGroup.NotFound')) return true
      // Network interfaces of terminated instances hold the group for a moment.
      if (!isAwsError(error, 'DependencyViolation', 'InvalidGroup.InUse')) throw error
      await inUse?.()
      return undefined
    }
  }
  await waitFor(`security group ${groupId} to be unused`, attempt, {
    timeoutMs,
    intervalMs: 1000,
    ...(signal ? { signal } : {}),
  })
}
