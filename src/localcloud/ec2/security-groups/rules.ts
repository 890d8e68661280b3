import type {
  AuthorizeSecurityGroupEgressRequest,
  AuthorizeSecurityGroupEgressResult,
  AuthorizeSecurityGroupIngressRequest,
  AuthorizeSecurityGroupIngressResult,
  DescribeSecurityGroupRulesRequest,
  DescribeSecurityGroupRulesResult,
  RevokeSecurityGroupEgressRequest,
  RevokeSecurityGroupEgressResult,
  RevokeSecurityGroupIngressRequest,
  RevokeSecurityGroupIngressResult,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { lookUp, newId } from '../resource-ids.js'
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from '../state.js'
import { forgetTags, parseTagSpecification, putTags, tagsOf } from '../tags/tags.js'
import { networkOf } from '../vpc/records.js'
import { requireGroup } from './find.js'
import { parsePermissions, type RuleContent, ruleKey, ruleText } from './permissions.js'
import { describeRule, permissionsFor } from './views.js'

type Authorize = AuthorizeSecurityGroupIngressRequest | AuthorizeSecurityGroupEgressRequest
type Revoke = RevokeSecurityGroupIngressRequest | RevokeSecurityGroupEgressRequest

export const authorizeSecurityGroupIngress = (
  input: AuthorizeSecurityGroupIngressRequest,
  cloud: Cloud,
): AuthorizeSecurityGroupIngressResult => authorize(input, cloud, false)

export const authorizeSecurityGroupEgress = (
  input: AuthorizeSecurityGroupEgressRequest,
  cloud: Cloud,
): AuthorizeSecurityGroupEgressResult => authorize(input, cloud, true)

/** All rules of the request or none. */
function authorize(input: Authorize, cloud: Cloud, egress: boolean) {
  const { ec2 } = cloud.state
  const group = requireGroup(ec2, input)
  const contents = parsePermissions(ec2, egress, input.IpPermissions, input)
  const tags = parseTagSpecification(input.TagSpecifications, 'security-group-rule')
  const present = new Set(group.rules.map(ruleKey))
  const twice = contents.find((rule) => present.has(ruleKey(rule)))
  if (twice) throw new AwsError('InvalidPermission.Duplicate', `the specified rule "${ruleText(twice)}" already exists`)
  endDryRun(input)
  const added = contents.map((rule) => ({ id: newId('sgr'), ...rule }))
  group.rules.push(...added)
  for (const rule of added) putTags(ec2, rule.id, tags)
  return { Return: true, SecurityGroupRules: added.map((rule) => describeRule(cloud, group, rule)) }
}

export const revokeSecurityGroupIngress = (
  input: RevokeSecurityGroupIngressRequest,
  cloud: Cloud,
): RevokeSecurityGroupIngressResult => revoke(input, cloud, false)

export const revokeSecurityGroupEgress = (
  input: RevokeSecurityGroupEgressRequest,
  cloud: Cloud,
): RevokeSecurityGroupEgressResult => revoke(input, cloud, true)

/**
 * Rules that are not there are no error in the default VPC: the answer names them. Elsewhere none is revoked then.
 * Source: EC2 API reference, RevokeSecurityGroupIngress.
 */
function revoke(input: Revoke, cloud: Cloud, egress: boolean) {
  const { ec2 } = cloud.state
  const group = requireGroup(ec2, input)
  const ids = input.SecurityGroupRuleIds ?? []
  const contents = ids.length > 0 ? [] : parsePermissions(ec2, egress, input.IpPermissions, input)
  const found = ids.length > 0 ? rulesById(group, egress, ids) : contents.map((content) => ruleLike(group, content))
  const going = found.filter((rule) => rule !== undefined)
  const unknown = contents.filter((_, at) => found[at] === undefined)
  if (unknown.length > 0 && !networkOf(ec2).vpcs[group.vpcId]?.isDefault) {
    throw new AwsError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.')
  }
  endDryRun(input)
  group.rules = group.rules.filter((rule) => !going.includes(rule))
  for (const rule of going) forgetTags(ec2, rule.id)
  return {
    Return: true,
    RevokedSecurityGroupRules: going.map((rule) => revoked(group, rule)),
    ...(unknown.length > 0 ? { UnknownIpPermissions: permissionsFor(cloud, unknown) } : {}),
  }
}

function rulesById(group: SecurityGroupRecord, egress: boolean, ids: readonly string[]): SecurityGroupRuleRecord[] {
  return lookUp('rule', ids, (id) => group.rules.find((rule) => rule.id === id && rule.egress === egress))
}

function ruleLike(group: SecurityGroupRecord, content: RuleContent): SecurityGroupRuleRecord | undefined {
  return group.rules.find((present) => ruleKey(present) === ruleKey(content))
}

function revoked(group: SecurityGroupRecord, rule: SecurityGroupRuleRecord) {
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: group.id,
    IsEgress: rule.egress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort,
    ToPort: rule.toPort,
    CidrIpv4: rule.cidr,
    CidrIpv6: rule.cidr6,
    ReferencedGroupId: rule.groupId,
    Description: rule.description,
  }
}

export function describeSecurityGroupRules(
  input: DescribeSecurityGroupRulesRequest,
  cloud: Cloud,
): DescribeSecurityGroupRulesResult {
  const { ec2 } = cloud.state
  type Found = { readonly group: SecurityGroupRecord; readonly rule: SecurityGroupRuleRecord }
  const matches = filterBy<Found>(
    input.Filters,
    { 'group-id': ({ group }) => group.id, 'security-group-rule-id': ({ rule }) => rule.id },
    ({ rule }) => tagsOf(ec2, rule.id),
  )
  const all = Object.values(ec2.securityGroups).flatMap((group) => group.rules.map((rule): Found => ({ group, rule })))
  const ids = input.SecurityGroupRuleIds ?? []
  const asked = ids.length ? lookUp('rule', ids, (id) => all.find(({ rule }) => rule.id === id)) : all
  endDryRun(input)
  const found = asked.filter(matches).sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1))
  const { page, NextToken } = paginate(found, ({ rule }) => rule.id, input)
  return { SecurityGroupRules: page.map(({ group, rule }) => describeRule(cloud, group, rule)), NextToken }
}
