import type { IpPermission, SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from '../state.js'
import { tagList } from '../tags/tags.js'
import type { RuleContent } from './permissions.js'

export const groupArn = (cloud: Cloud, id: string) =>
  `arn:aws:ec2:${cloud.region}:${cloud.accountId}:security-group/${id}`

export function describeGroup(cloud: Cloud, group: SecurityGroupRecord): SecurityGroup {
  return {
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    VpcId: group.vpcId,
    OwnerId: cloud.accountId,
    SecurityGroupArn: groupArn(cloud, group.id),
    IpPermissions: permissionsOf(cloud, group, false),
    IpPermissionsEgress: permissionsOf(cloud, group, true),
    Tags: tagList(cloud.state.ec2, group.id),
  }
}

function permissionsOf(cloud: Cloud, group: SecurityGroupRecord, egress: boolean): IpPermission[] {
  return permissionsFor(
    cloud,
    group.rules.filter((rule) => rule.egress === egress),
  )
}

/** Rules of one protocol and port range are one permission with several sources. */
export function permissionsFor(cloud: Cloud, rules: readonly RuleContent[]): IpPermission[] {
  const permissions = new Map<string, IpPermission>()
  for (const rule of rules) {
    const key = `${rule.protocol} ${rule.fromPort} ${rule.toPort}`
    let permission = permissions.get(key)
    if (!permission) {
      const ports = hasPorts(rule) ? { FromPort: rule.fromPort, ToPort: rule.toPort } : {}
      permission = {
        IpProtocol: rule.protocol,
        ...ports,
        IpRanges: [],
        Ipv6Ranges: [],
        PrefixListIds: [],
        UserIdGroupPairs: [],
      }
      permissions.set(key, permission)
    }
    const Description = rule.description
    if (rule.cidr !== undefined) permission.IpRanges?.push({ CidrIp: rule.cidr, Description })
    if (rule.cidr6 !== undefined) permission.Ipv6Ranges?.push({ CidrIpv6: rule.cidr6, Description })
    if (rule.groupId !== undefined) {
      permission.UserIdGroupPairs?.push({ GroupId: rule.groupId, UserId: cloud.accountId, Description })
    }
  }
  return [...permissions.values()]
}

export const hasPorts = (rule: RuleContent) => /^(?:tcp|udp|icmp|icmpv6)$/.test(rule.protocol)

export function describeRule(
  cloud: Cloud,
  group: SecurityGroupRecord,
  rule: SecurityGroupRuleRecord,
): SecurityGroupRule {
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: group.id,
    GroupOwnerId: cloud.accountId,
    IsEgress: rule.egress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort,
    ToPort: rule.toPort,
    CidrIpv4: rule.cidr,
    CidrIpv6: rule.cidr6,
    ReferencedGroupInfo: rule.groupId === undefined ? undefined : { GroupId: rule.groupId, UserId: cloud.accountId },
    Description: rule.description,
    Tags: tagList(cloud.state.ec2, rule.id) ?? [],
    SecurityGroupRuleArn: `arn:aws:ec2:${cloud.region}:${cloud.accountId}:security-group-rule/${rule.id}`,
  }
}
