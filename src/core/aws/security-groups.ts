import type { EC2, IpPermission, SecurityGroup, Tag } from '@aws-sdk/client-ec2'
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
  /** Who may reach port 22 besides those whom permissions let in. */
  readonly sshCidr: string | undefined
  /** Other ports that are opened. */
  readonly permissions: readonly Permission[]
}

interface Permission {
  /** tcp, udp or icmp. */
  readonly ipProtocol: string
  /** -1 for icmp. */
  readonly fromPort: number
  readonly toPort: number
  readonly cidrIp: string
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

export function groupRules(
  groupId: string,
  { sshCidr, permissions }: Pick<NewSecurityGroup, 'sshCidr' | 'permissions'>,
): IpPermission[] {
  const ssh = sshCidr === undefined ? [] : [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22, cidrIp: sshCidr }]
  const unique = new Map([...ssh, ...permissions].map((one) => [JSON.stringify(rule(one)), rule(one)]))
  return [...unique.values(), { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: groupId }] }]
}

export function opensSsh({ ipProtocol, fromPort, toPort }: Permission): boolean {
  return ipProtocol === 'tcp' && fromPort <= 22 && toPort >= 22
}

export function isEverybody(cidr: string): boolean {
  return cidr === '0.0.0.0/0' || cidr === '::/0'
}

function rule({ ipProtocol, fromPort, toPort, cidrIp }: Permission): IpPermission {
  const range = cidrIp.includes(':') ? { Ipv6Ranges: [{ CidrIpv6: cidrIp }] } : { IpRanges: [{ CidrIp: cidrIp }] }
  return { IpProtocol: ipProtocol, FromPort: fromPort, ToPort: toPort, ...range }
}

/** Opens ports of a group that may have been made a moment ago; a rule that exists already is fine. */
export async function authorize(
  ec2: Pick<EC2, 'authorizeSecurityGroupIngress'>,
  groupId: string,
  rules: IpPermission[],
  signal?: AbortSignal,
): Promise<void> {
  const attempt = async () => {
    try {
      await ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: rules }, abortable(signal))
      return true
    } catch (error) {
      if (isAwsError(error, 'InvalidPermission.Duplicate')) return true
      if (isAwsError(error, 'InvalidGroup.NotFound')) return undefined
      throw error
    }
  }
  await waitFor(`EC2 to know security group ${groupId}`, attempt, { timeoutMs: 60_000, ...(signal ? { signal } : {}) })
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
