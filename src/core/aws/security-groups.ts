import type { EC2, SecurityGroup, Tag } from '@aws-sdk/client-ec2'
import { waitFor } from '../wait.js'
import { abortable } from './caller-identity.js'
import { isAwsError } from './errors.js'

/** Security groups whose name matches one of the patterns (`*` matches anything); one request per 1000. */
export async function describeSecurityGroups(
  ec2: Pick<EC2, 'describeSecurityGroups'>,
  namePatterns: string[],
  signal?: AbortSignal,
): Promise<SecurityGroup[]> {
  const found: SecurityGroup[] = []
  let token: string | undefined
  do {
    const page = await ec2.describeSecurityGroups(
      {
        Filters: [{ Name: 'group-name', Values: namePatterns }],
        MaxResults: 1000,
        ...(token ? { NextToken: token } : {}),
      },
      abortable(signal),
    )
    found.push(...(page.SecurityGroups ?? []))
    token = page.NextToken || undefined
  } while (token)
  return found
}

export interface NewSecurityGroup {
  readonly name: string
  readonly description: string
  readonly vpcId: string
  readonly tags: Tag[]
  /** Who may reach port 22. */
  readonly sshCidr: string
}

/** Makes a group whose members reach each other freely and are reached by ssh from `sshCidr`. @returns its id */
export async function createSecurityGroup(
  ec2: Pick<EC2, 'createSecurityGroup' | 'authorizeSecurityGroupIngress'>,
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
  await authorizeCluster(ec2, GroupId, group.sshCidr, signal)
  return GroupId
}

/** Opens ssh and the traffic among members. A rule that exists already is fine: an interrupted start made it. */
export async function authorizeCluster(
  ec2: Pick<EC2, 'authorizeSecurityGroupIngress'>,
  groupId: string,
  sshCidr: string,
  signal?: AbortSignal,
): Promise<void> {
  const range = sshCidr.includes(':') ? { Ipv6Ranges: [{ CidrIpv6: sshCidr }] } : { IpRanges: [{ CidrIp: sshCidr }] }
  const rules = [
    { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, ...range },
    { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: groupId }] },
  ]
  try {
    await ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: rules }, abortable(signal))
  } catch (error) {
    if (!isAwsError(error, 'InvalidPermission.Duplicate')) throw error
  }
}

/** Deletes a group as soon as nothing uses it any more. A group that is gone already is fine. */
export async function deleteSecurityGroup(
  ec2: Pick<EC2, 'deleteSecurityGroup'>,
  groupId: string,
  { timeoutMs = 300_000, signal }: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const attempt = async () => {
    try {
      await ec2.deleteSecurityGroup({ GroupId: groupId }, abortable(signal))
      return true
    } catch (error) {
      if (isAwsError(error, 'InvalidGroup.NotFound')) return true
      // Network interfaces of terminated instances hold the group for a moment.
      if (isAwsError(error, 'DependencyViolation', 'InvalidGroup.InUse')) return undefined
      throw error
    }
  }
  await waitFor(`security group ${groupId} to be unused`, attempt, {
    timeoutMs,
    intervalMs: 1000,
    ...(signal ? { signal } : {}),
  })
}
