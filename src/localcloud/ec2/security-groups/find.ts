import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { isId, lookUp, malformedId, notFound, own } from '../resource-ids.js'
import type { Ec2State, SecurityGroupRecord } from '../state.js'

export function groupByName(state: Ec2State, name: string): SecurityGroupRecord | undefined {
  return Object.values(state.securityGroups).find((group) => group.name === name)
}

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

/** The one group a request speaks of, by id or by name (there is one VPC, the default one, so names are enough). */
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
