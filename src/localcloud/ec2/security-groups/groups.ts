import type {
  CreateSecurityGroupRequest,
  CreateSecurityGroupResult,
  DeleteSecurityGroupRequest,
  DeleteSecurityGroupResult,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { type FilterTable, filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { newId } from '../resource-ids.js'
import type { Ec2State, SecurityGroupRecord, SecurityGroupRuleRecord } from '../state.js'
import { forgetTags, parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { networkOf } from '../vpc/records.js'
import { requireVpc } from '../vpc/vpcs.js'
import { VPC_ID } from '../vpc/zones.js'
import { groupByName, groupsById, groupsByName, requireGroup } from './find.js'
import { describeGroup, groupArn, hasPorts } from './views.js'

/** A new group lets nothing in and everything out. Source: VPC User Guide, "Security groups". */
export function createSecurityGroup(input: CreateSecurityGroupRequest, cloud: Cloud): CreateSecurityGroupResult {
  const { ec2 } = cloud.state
  const name = (input.GroupName ?? '').trimEnd()
  const description = input.Description ?? ''
  checkText('groupName', name)
  checkText('groupDescription', description)
  if (name.startsWith('sg-'))
    throw invalid(`Invalid value '${name}' for groupName. Group names may not be in the format sg-*.`)
  if (name === 'default') throw invalid(`Cannot use reserved security group name: ${name}`)
  const vpcId = requireVpc(ec2, input.VpcId ?? VPC_ID).id
  const tags = parseTagSpecification(input.TagSpecifications, 'security-group')
  if (groupByName(ec2, name, vpcId)) {
    throw new AwsError('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpcId}'`)
  }
  endDryRun(input)
  const id = newId('sg')
  const everythingOut = { id: newId('sgr'), egress: true, protocol: '-1', fromPort: -1, toPort: -1, cidr: '0.0.0.0/0' }
  ec2.securityGroups[id] = { id, name, description, vpcId, rules: [everythingOut] }
  putTags(ec2, id, tags)
  return { GroupId: id, Tags: tagList(ec2, id), SecurityGroupArn: groupArn(cloud, id) }
}

/** Source: EC2 API reference, CreateSecurityGroup: up to 255 characters of this set. */
function checkText(parameter: string, text: string): void {
  if (text === '') throw missingParameter(parameter)
  const allowed = 'a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*'
  if (text.length > 255 || /[^a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]/.test(text)) {
    throw invalid(
      `Value (${text}) for parameter ${parameter} is invalid. Character sets beyond ${allowed} are not supported.`,
    )
  }
}

const invalid = (message: string) => new AwsError('InvalidParameterValue', message)

export function describeSecurityGroups(
  input: DescribeSecurityGroupsRequest,
  cloud: Cloud,
): DescribeSecurityGroupsResult {
  const { ec2 } = cloud.state
  const matches = filterBy(input.Filters, filters(cloud), (group) => tagsOf(ec2, group.id))
  const asked = [...groupsById(ec2, input.GroupIds ?? []), ...groupsByName(ec2, input.GroupNames ?? [])]
  endDryRun(input)
  const named = input.GroupIds?.length || input.GroupNames?.length
  const groups = (named ? [...new Set(asked)] : Object.values(ec2.securityGroups)).filter(matches)
  groups.sort((a, b) => (a.id < b.id ? -1 : 1))
  const { page, NextToken } = paginate(groups, (group) => group.id, input)
  return { SecurityGroups: page.map((group) => describeGroup(cloud, group)), NextToken }
}

function filters(cloud: Cloud): FilterTable<SecurityGroupRecord> {
  const ofRules = (egress: boolean, value: (rule: SecurityGroupRuleRecord) => string | number | undefined) => {
    return (group: SecurityGroupRecord) => group.rules.filter((rule) => rule.egress === egress).map(value)
  }
  const nameOf = (rule: SecurityGroupRuleRecord) => cloud.state.ec2.securityGroups[rule.groupId ?? '']?.name
  const permission = (prefix: string, egress: boolean): FilterTable<SecurityGroupRecord> => ({
    [`${prefix}.cidr`]: ofRules(egress, (rule) => rule.cidr),
    [`${prefix}.ipv6-cidr`]: ofRules(egress, (rule) => rule.cidr6),
    [`${prefix}.from-port`]: ofRules(egress, (rule) => (hasPorts(rule) ? rule.fromPort : undefined)),
    [`${prefix}.to-port`]: ofRules(egress, (rule) => (hasPorts(rule) ? rule.toPort : undefined)),
    [`${prefix}.protocol`]: ofRules(egress, (rule) => rule.protocol),
    [`${prefix}.group-id`]: ofRules(egress, (rule) => rule.groupId),
    [`${prefix}.group-name`]: ofRules(egress, nameOf),
    [`${prefix}.user-id`]: ofRules(egress, (rule) => (rule.groupId ? cloud.accountId : undefined)),
    [`${prefix}.prefix-list-id`]: () => undefined,
  })
  return {
    'group-id': (group) => group.id,
    'group-name': (group) => group.name,
    description: (group) => group.description,
    'vpc-id': (group) => group.vpcId,
    'owner-id': () => cloud.accountId,
    ...permission('ip-permission', false),
    ...permission('egress.ip-permission', true),
  }
}

/** @throws AwsError DependencyViolation while an instance that is not terminated, a network interface or another group's rule uses it */
export function deleteSecurityGroup(input: DeleteSecurityGroupRequest, cloud: Cloud): DeleteSecurityGroupResult {
  const { ec2 } = cloud.state
  const group = requireGroup(ec2, input)
  if (group.name === 'default') {
    const message = `the specified group: "${group.id}" name: "${group.name}" cannot be deleted by a user`
    throw new AwsError('CannotDelete', message)
  }
  if (isUsed(ec2, group)) throw new AwsError('DependencyViolation', `resource ${group.id} has a dependent object`)
  endDryRun(input)
  delete ec2.securityGroups[group.id]
  for (const id of [group.id, ...group.rules.map((rule) => rule.id)]) forgetTags(ec2, id)
  return { Return: true, GroupId: group.id }
}

function isUsed(state: Ec2State, { id }: SecurityGroupRecord): boolean {
  const byInstance = Object.values(state.instances).some(
    (instance) => instance.state !== 'terminated' && instance.securityGroupIds.includes(id),
  )
  const byInterface = Object.values(networkOf(state).interfaces).some(({ groupIds }) => groupIds.includes(id))
  return (
    byInstance ||
    byInterface ||
    Object.values(state.securityGroups).some((other) => other.id !== id && other.rules.some((r) => r.groupId === id))
  )
}
