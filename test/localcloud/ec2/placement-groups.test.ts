import { expect, test } from 'vitest'
import { idOf, idsOf, refused, testCloud } from './support.js'

test('groups are made, found and deleted; names are unique, unknown ones and those in use are refused', async () => {
  const { ec2, launch, settled } = testCloud()
  const { PlacementGroup } = await ec2.createPlacementGroup({
    GroupName: '@sc-t',
    Strategy: 'cluster',
    TagSpecifications: [{ ResourceType: 'placement-group', Tags: [{ Key: 'k', Value: 'v' }] }],
  })
  expect(PlacementGroup).toMatchObject({ GroupName: '@sc-t', Strategy: 'cluster', State: 'available' })
  const again = ec2.createPlacementGroup({ GroupName: '@sc-t', Strategy: 'spread' })
  await expect(again).rejects.toMatchObject(refused('InvalidPlacementGroup.Duplicate'))
  const [machine] = await launch(1, { InstanceType: 'm5.large', Placement: { GroupName: '@sc-t' } })
  expect(machine?.Placement).toMatchObject({ GroupName: '@sc-t', GroupId: PlacementGroup?.GroupId })
  const inGroup = { Filters: [{ Name: 'placement-group-name', Values: ['@sc-t'] }] }
  expect((await ec2.describeInstances(inGroup)).Reservations).toHaveLength(1)
  await expect(ec2.deletePlacementGroup({ GroupName: '@sc-t' })).rejects.toMatchObject(
    refused('InvalidPlacementGroup.InUse'),
  )
  await ec2.terminateInstances({ InstanceIds: [idOf(machine)] })
  await settled()
  const tagged = { Filters: [{ Name: 'tag:k', Values: ['v'] }] }
  expect((await ec2.describePlacementGroups(tagged)).PlacementGroups).toHaveLength(1)
  await ec2.deletePlacementGroup({ GroupName: '@sc-t' })
  for (const call of [
    ec2.deletePlacementGroup({ GroupName: '@sc-t' }),
    ec2.describePlacementGroups({ GroupNames: ['@sc-t'] }),
    launch(1, { Placement: { GroupName: '@sc-t' } }),
  ]) {
    await expect(call).rejects.toMatchObject(refused('InvalidPlacementGroup.Unknown'))
  }
  expect((await ec2.describePlacementGroups({})).PlacementGroups).toEqual([])
})

test('a cluster group stays in one zone and takes no burstable types, as their description says', async () => {
  const { ec2, launch } = testCloud()
  await ec2.createPlacementGroup({ GroupName: 'c' })
  const inGroup = (InstanceType: string, AvailabilityZone: string) =>
    launch(1, { InstanceType, Placement: { GroupName: 'c', AvailabilityZone } })
  await expect(inGroup('t3.small', 'local-a')).rejects.toMatchObject(refused('InvalidParameterCombination', 't3.small'))
  await inGroup('c5.large', 'local-b')
  await expect(inGroup('c5.large', 'local-a')).rejects.toMatchObject(refused('InvalidParameterCombination', 'local-b'))
  const { InstanceTypes } = await ec2.describeInstanceTypes({
    Filters: [{ Name: 'placement-group-info.supported-strategies', Values: ['cluster'] }],
  })
  expect(InstanceTypes?.some(({ InstanceType }) => InstanceType?.startsWith('t3'))).toBe(false)
  expect(InstanceTypes?.some(({ InstanceType }) => InstanceType === 'c5.large')).toBe(true)
})

test('a spread group takes seven in a zone', async () => {
  const { ec2, launch, settled } = testCloud()
  await ec2.createPlacementGroup({ GroupName: 's', Strategy: 'spread' })
  const Placement = { GroupName: 's', AvailabilityZone: 'local-a' }
  const { Instances } = await ec2.runInstances({ ImageId: 'default', MinCount: 5, MaxCount: 10, Placement })
  expect(Instances).toHaveLength(7)
  await settled()
  await expect(launch(1, { Placement })).rejects.toMatchObject(refused('InsufficientInstanceCapacity'))
  await launch(1, { Placement: { ...Placement, AvailabilityZone: 'local-b' } })
})

test('instances are spread over partitions, or go where they are told', async () => {
  const { ec2, launch, cloud } = testCloud()
  await ec2.createPlacementGroup({ GroupName: 'p', Strategy: 'partition', PartitionCount: 3 })
  const [first] = await launch(1, { Placement: { GroupName: 'p', PartitionNumber: 2 } })
  const others = await launch(4, { Placement: { GroupName: 'p' } })
  const partitionOf = (id: string) => cloud.state.ec2.instances[id]?.partition
  expect([idOf(first), ...idsOf(others)].map(partitionOf)).toEqual([2, 1, 3, 1, 2])
  const wrong = launch(1, { Placement: { GroupName: 'p', PartitionNumber: 4 } })
  await expect(wrong).rejects.toMatchObject(refused('InvalidParameterValue'))
})

test.each([
  ['no name', { GroupName: undefined }, 'MissingParameter'],
  ['a name too long', { GroupName: 'x'.repeat(256) }, 'InvalidParameterValue'],
  ['an odd strategy', { Strategy: 'line' }, 'InvalidParameterValue'],
  ['partitions of a cluster', { PartitionCount: 2 }, 'InvalidParameterCombination'],
  ['too many partitions', { Strategy: 'partition', PartitionCount: 8 }, 'InvalidParameterValue'],
])('%s is refused', async (_what, input, code) => {
  const { ec2 } = testCloud()
  await expect(ec2.createPlacementGroup({ GroupName: 'g', ...input } as never)).rejects.toMatchObject(refused(code))
})
