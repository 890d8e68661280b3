import type { RunInstancesRequest } from '@aws-sdk/client-ec2'
import { AwsError, invalidCombination, invalidValue } from '../../protocol/aws-error.js'
import { INSTANCE_TYPES, placementStrategies } from '../instance-types/types.js'
import { own } from '../resource-ids.js'
import type { Ec2State, InstanceRecord } from '../state.js'

export interface PlacementGroupRecord {
  readonly id: string
  readonly name: string
  readonly strategy: 'cluster' | 'spread' | 'partition'
  /** Of the strategy `partition`. */
  readonly partitions?: number
}

/** By name. Older states have none. */
export function placementGroupsOf(state: Ec2State): Record<string, PlacementGroupRecord> {
  state.placementGroups ??= {}
  return state.placementGroups
}

export const unknownPlacementGroup = (name: string) =>
  new AwsError('InvalidPlacementGroup.Unknown', `The Placement Group '${name}' is unknown.`)

/** Instances that are, or may again be, in a group. */
export function membersOf(state: Ec2State, name: string): InstanceRecord[] {
  return Object.values(state.instances).filter(
    ({ placementGroup, state: now }) => placementGroup === name && now !== 'terminated',
  )
}

/** Where in a placement group the instances of a launch go. */
export interface LaunchPlacement {
  readonly placementGroup?: string
  /** Asked for by the request; else they are spread over the partitions. */
  readonly partition?: number
}

/** A spread group takes so many in a zone. Source: EC2 User Guide, "Placement groups", "Spread placement groups". */
const SPREAD_MOST = 7

/** @throws AwsError InvalidPlacementGroup.Unknown, InvalidParameterCombination, InsufficientInstanceCapacity */
export function parsePlacement(
  input: RunInstancesRequest,
  state: Ec2State,
  launch: { readonly instanceType: string; readonly zone: string; readonly minCount: number },
): LaunchPlacement {
  const { GroupName, GroupId, PartitionNumber: partition } = input.Placement ?? {}
  if (!GroupName && !GroupId) {
    if (partition === undefined) return {}
    throw invalidCombination('The parameter partitionNumber requires the parameter groupName')
  }
  const groups = placementGroupsOf(state)
  const group = GroupName ? own(groups, GroupName) : Object.values(groups).find(({ id }) => id === GroupId)
  if (!group) throw unknownPlacementGroup(GroupName || GroupId || '')
  const type = INSTANCE_TYPES.get(launch.instanceType)
  if (type && !placementStrategies(type).includes(group.strategy)) {
    const message = `Placement groups of strategy '${group.strategy}' may not be used with instances of type '${type.name}'.`
    throw invalidCombination(message)
  }
  if (partition !== undefined && !(partition >= 1 && partition <= (group.partitions ?? 0))) {
    throw invalidValue(partition, 'partitionNumber', `The group has ${group.partitions ?? 'no'} partitions.`)
  }
  checkRoom(group, state, launch)
  return { placementGroup: group.name, ...(partition === undefined ? {} : { partition }) }
}

function checkRoom(
  { name, strategy }: PlacementGroupRecord,
  state: Ec2State,
  { zone, minCount }: { readonly zone: string; readonly minCount: number },
): void {
  const members = membersOf(state, name)
  const there = members.filter((member) => member.zone === zone)
  const elsewhere = members.length > there.length ? members.find((member) => member.zone !== zone)?.zone : undefined
  if (strategy === 'cluster' && elsewhere !== undefined) {
    const message = `The placement group '${name}' is in the availability zone ${elsewhere}, not in ${zone}`
    throw invalidCombination(message)
  }
  if (strategy === 'spread' && there.length + minCount > SPREAD_MOST) {
    const message = `We currently do not have sufficient capacity to launch all of the additional requested instances into Placement Group '${name}': it takes ${SPREAD_MOST} in ${zone}.`
    throw new AwsError('InsufficientInstanceCapacity', message, 500)
  }
}

/** What an instance tells of its place. */
export function placementView({ placementGroup, partition }: InstanceRecord, state: Ec2State) {
  const group = placementGroup === undefined ? undefined : own(placementGroupsOf(state), placementGroup)
  if (!group) return { GroupName: '' }
  return {
    GroupName: group.name,
    GroupId: group.id,
    ...(partition === undefined ? {} : { PartitionNumber: partition }),
  }
}

/** How many more a launch may have beyond its smallest number. */
export function roomIn(state: Ec2State, placementGroup: string | undefined, zone: string): number {
  const group = placementGroup === undefined ? undefined : own(placementGroupsOf(state), placementGroup)
  if (group?.strategy !== 'spread') return Number.POSITIVE_INFINITY
  return SPREAD_MOST - membersOf(state, group.name).filter((member) => member.zone === zone).length
}

/** What the record of the launch's next instance has: the partition asked for, else the emptiest. */
export function placeNext(state: Ec2State, { placementGroup, partition }: LaunchPlacement): LaunchPlacement {
  const group = placementGroup === undefined ? undefined : own(placementGroupsOf(state), placementGroup)
  if (!group) return {}
  if (group.partitions === undefined) return { placementGroup: group.name }
  const counts = Array<number>(group.partitions).fill(0)
  for (const member of membersOf(state, group.name)) counts[(member.partition ?? 1) - 1]!++
  return { placementGroup: group.name, partition: partition ?? counts.indexOf(Math.min(...counts)) + 1 }
}
