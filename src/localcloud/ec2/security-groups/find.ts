import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { isId, lookUp, malformedId, notFound, own } from '../resource-ids.js'
import type { Ec2State, SecurityGroupRecord } from '../state.js'
import { VPC_ID } from '../vpc/zones.js'

/** Names are unique in a VPC; without one it is the default VPC's, as on EC2. */
export function groupByName(state: Ec2State, name: string, vpc = VPC_ID): SecurityGroupRecord | undefined {
  return Object.values(state.securityGroups).find((group) => group.name === name && group.vpcId === vpc)
}

export const defaultGroupOf = (state: Ec2State, vpc: string): SecurityGroupRecord =>
  groupByName(state, 'default', vpc) as SecurityGroupRecord

export function groupsById(state: Ec2State, ids: readonly string[]): SecurityGroupRecord[] {
  return lookUp('securityGroup', ids, (id) => own(state.securityGroups, id))
}

/** @throws AwsError InvalidGroup.NotFound */
export function groupsByName(state: Ec2State, names: readonly string[]): SecurityGroupRecord[] {
  return [...new Set(names)].map((name) => {
    const group = groupByName(state, name)
    if (!group) throw notFound('securityGroup', [name])
    return group
  })
}

/** The one group a request speaks of, by id or, in the default VPC, by name. */
export function requireGroup(
  state: Ec2State,
  asked: { readonly GroupId?: string | undefined; readonly GroupName?: string | undefined },
): SecurityGroupRecord {
  const { GroupId: id, GroupName: name } = asked
  if (id !== undefined && name !== undefined) {
    throw new AwsError('InvalidParameterCombination', 'The parameters groupName and groupId cannot be used together')
  }
  if (id !== undefined) {
    const group = own(state.securityGroups, id)
    if (group) return group
    throw isId('sg', id) ? notFound('securityGroup', [id]) : malformedId('securityGroup', id)
  }
  if (!name) throw missingParameter('groupName or groupId')
  return groupsByName(state, [name])[0] as SecurityGroupRecord
}
