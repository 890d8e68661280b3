import type {
  CreatePlacementGroupRequest,
  CreatePlacementGroupResult,
  DeletePlacementGroupRequest,
  DescribePlacementGroupsRequest,
  DescribePlacementGroupsResult,
  PlacementGroup,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { newId, own } from '../resource-ids.js'
import { forgetTags, parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { membersOf, type PlacementGroupRecord, placementGroupsOf, unknownPlacementGroup } from './records.js'

/** Source: EC2 User Guide, "Placement groups": up to seven partitions a zone. */
const PARTITIONS = { usual: 2, most: 7 }

export function createPlacementGroup(input: CreatePlacementGroupRequest, cloud: Cloud): CreatePlacementGroupResult {
  const { ec2 } = cloud.state
  const { GroupName: name, Strategy: strategy = 'cluster', PartitionCount: count, SpreadLevel: level } = input
  if (!name) throw missingParameter('groupName')
  if (!/^[\x20-\x7e]{1,255}$/.test(name)) throw invalidValue(name, 'groupName', 'Up to 255 ASCII characters.')
  if (strategy !== 'cluster' && strategy !== 'spread' && strategy !== 'partition')
    throw invalidValue(strategy, 'strategy')
  if (count !== undefined && strategy !== 'partition') {
    throw invalidCombination('The parameter partitionCount can only be used with the strategy partition')
  }
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= PARTITIONS.most)) {
    throw invalidValue(count, 'partitionCount', `It must be between 1 and ${PARTITIONS.most}.`)
  }
  if (level === 'host') throw unsupported('spread placement groups of hosts (Outposts)')
  const tags = parseTagSpecification(input.TagSpecifications, 'placement-group')
  const groups = placementGroupsOf(ec2)
  if (own(groups, name)) {
    throw new AwsError('InvalidPlacementGroup.Duplicate', `The Placement Group '${name}' already exists.`)
  }
  endDryRun(input)
  const partitions = strategy === 'partition' ? { partitions: count ?? PARTITIONS.usual } : {}
  const group: PlacementGroupRecord = { id: newId('pg'), name, strategy, ...partitions }
  // Not by assignment: a group may be called __proto__.
  Object.defineProperty(groups, name, { value: group, enumerable: true, configurable: true, writable: true })
  putTags(ec2, group.id, tags)
  return { PlacementGroup: describe(cloud, group) }
}

/** @throws AwsError InvalidPlacementGroup.Unknown, InvalidPlacementGroup.InUse while an instance is in it */
export function deletePlacementGroup(input: DeletePlacementGroupRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const name = input.GroupName ?? ''
  if (!name) throw missingParameter('groupName')
  const group = own(placementGroupsOf(ec2), name)
  if (!group) throw unknownPlacementGroup(name)
  if (membersOf(ec2, name).length > 0) {
    const message = `The placement group ${name} is in use and may not be deleted.`
    throw new AwsError('InvalidPlacementGroup.InUse', message)
  }
  endDryRun(input)
  delete placementGroupsOf(ec2)[name]
  forgetTags(ec2, group.id)
}

export function describePlacementGroups(
  input: DescribePlacementGroupsRequest,
  cloud: Cloud,
): DescribePlacementGroupsResult {
  const { ec2 } = cloud.state
  const groups = placementGroupsOf(ec2)
  const { GroupNames: names = [], GroupIds: ids = [] } = input
  const unknown = names.find((name) => !own(groups, name))
  if (unknown !== undefined) throw unknownPlacementGroup(unknown)
  const unknownId = ids.find((id) => !Object.values(groups).some((group) => group.id === id))
  if (unknownId !== undefined) throw unknownPlacementGroup(unknownId)
  const matches = filterBy<PlacementGroupRecord>(
    input.Filters,
    {
      'group-name': ({ name }) => name,
      'group-arn': ({ name }) => arn(cloud, name),
      'spread-level': ({ strategy }) => (strategy === 'spread' ? 'rack' : undefined),
      state: () => 'available',
      strategy: ({ strategy }) => strategy,
    },
    ({ id }) => tagsOf(ec2, id),
  )
  endDryRun(input)
  const asked = Object.values(groups).filter(
    ({ name, id }) => (names.length === 0 || names.includes(name)) && (ids.length === 0 || ids.includes(id)),
  )
  return { PlacementGroups: asked.filter(matches).map((group) => describe(cloud, group)) }
}

const arn = (cloud: Cloud, name: string) => `arn:aws:ec2:${cloud.region}:${cloud.accountId}:placement-group/${name}`

function describe(cloud: Cloud, { id, name, strategy, partitions }: PlacementGroupRecord): PlacementGroup {
  return {
    GroupId: id,
    GroupName: name,
    GroupArn: arn(cloud, name),
    Strategy: strategy,
    State: 'available',
    ...(partitions === undefined ? {} : { PartitionCount: partitions }),
    ...(strategy === 'spread' ? { SpreadLevel: 'rack' } : {}),
    Tags: tagList(cloud.state.ec2, id),
  }
}
