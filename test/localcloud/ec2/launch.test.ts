import { expect, test } from 'vitest'
import { refused, testCloud } from './support.js'

test('a launched instance is pending in the answer and running once its node has booted', async () => {
  const { ec2, settled, engine } = testCloud()
  const { Instances = [], ReservationId } = await ec2.runInstances({ ImageId: 'default', MinCount: 2, MaxCount: 2 })
  expect(Instances.map((instance) => instance.State)).toEqual(Array(2).fill({ Code: 0, Name: 'pending' }))
  await settled()
  const { Reservations = [] } = await ec2.describeInstances({})
  expect(Reservations).toHaveLength(1)
  expect(Reservations[0]?.ReservationId).toBe(ReservationId)
  expect(Reservations[0]?.Instances?.map((instance) => instance.State?.Name)).toEqual(['running', 'running'])
  expect(Reservations[0]?.Instances?.map((instance) => instance.AmiLaunchIndex)).toEqual([0, 1])
  expect([...engine.nodes.values()].map((node) => node.spec)).toMatchObject([
    {
      privateIp: '10.78.0.4',
      hostname: 'ip-10-78-0-4',
      publicIp: '127.77.0.1',
      layers: ['debian-12'],
      limits: { cpus: 2, memoryMiB: 2048 },
    },
    { privateIp: '10.78.0.5', publicIp: '127.77.0.2' },
  ])
})

test('an instance tells all it was launched with', async () => {
  const { ec2, launch, find } = testCloud()
  await ec2.createKeyPair({ KeyName: 'k', KeyType: 'ed25519' })
  const { GroupId = '' } = await ec2.createSecurityGroup({ GroupName: '@sc-t', Description: 'd' })
  const [launched] = await launch(1, {
    KeyName: 'k',
    SecurityGroups: ['@sc-t'],
    InstanceType: 'm5.xlarge',
    Placement: { AvailabilityZone: 'local-b' },
    MetadataOptions: { InstanceMetadataTags: 'enabled', HttpPutResponseHopLimit: 1 },
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'master' }] }],
  })
  expect(await find(launched?.InstanceId)).toMatchObject({
    KeyName: 'k',
    InstanceType: 'm5.xlarge',
    SecurityGroups: [{ GroupId, GroupName: '@sc-t' }],
    Placement: { AvailabilityZone: 'local-b' },
    PrivateIpAddress: '10.78.64.4',
    PrivateDnsName: 'ip-10-78-64-4.local.internal',
    PublicIpAddress: '127.77.0.1',
    MetadataOptions: { HttpTokens: 'required', InstanceMetadataTags: 'enabled', HttpPutResponseHopLimit: 1 },
    Tags: [{ Key: 'Name', Value: 'master' }],
    NetworkInterfaces: [{ PrivateIpAddress: '10.78.64.4', Groups: [{ GroupId }] }],
    RootDeviceType: 'ebs',
  })
})

test.each([
  ['no image', { ImageId: undefined }, 'MissingParameter'],
  ['a malformed image', { ImageId: 'nonsense' }, 'InvalidAMIID.Malformed'],
  ['an unknown image', { ImageId: 'ami-0123456789abcdef0' }, 'InvalidAMIID.NotFound'],
  ['an unknown type', { InstanceType: 't9.huge' }, 'InvalidParameterValue'],
  ['an unknown key pair', { KeyName: 'none' }, 'InvalidKeyPair.NotFound'],
  ['an unknown group', { SecurityGroups: ['none'] }, 'InvalidGroup.NotFound'],
  ['an unknown group id', { SecurityGroupIds: ['sg-0123456789abcdef0'] }, 'InvalidGroup.NotFound'],
  ['a malformed group id', { SecurityGroupIds: ['none'] }, 'InvalidGroupId.Malformed'],
  ['an unknown zone', { Placement: { AvailabilityZone: 'us-east-1a' } }, 'InvalidParameterValue'],
  ['an unknown subnet', { SubnetId: 'subnet-0123456789abcdef0' }, 'InvalidSubnetID.NotFound'],
  [
    'subnet and zone apart',
    { SubnetId: 'subnet-0107800000000000a', Placement: { AvailabilityZone: 'local-b' } },
    'InvalidParameterCombination',
  ],
  ['no instances', { MinCount: 0 }, 'InvalidParameterValue'],
  ['more at least than at most', { MinCount: 3, MaxCount: 2 }, 'InvalidParameterValue'],
  ['more than there are addresses', { MinCount: 255, MaxCount: 255 }, 'AddressLimitExceeded'],
  ['user data that is no base64', { UserData: '***' }, 'InvalidParameterValue'],
  ['user data too long', { UserData: Buffer.alloc(16_385).toString('base64') }, 'InvalidParameterValue'],
  ['a tag for another resource', { TagSpecifications: [{ ResourceType: 'vpc', Tags: [] }] }, 'InvalidParameterValue'],
  [
    'a tag of AWS',
    { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'aws:x', Value: '' }] }] },
    'InvalidParameterValue',
  ],
  ['an address outside', { PrivateIpAddress: '10.9.9.9' }, 'InvalidParameterValue'],
  ['no root volume', { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', NoDevice: '' }] }, 'InvalidBlockDeviceMapping'],
  ['a capacity block', { InstanceMarketOptions: { MarketType: 'capacity-block' } }, 'UnsupportedOperation'],
  ['a placement group', { Placement: { GroupName: 'pg' } }, 'InvalidPlacementGroup.Unknown'],
  ['odd metadata options', { MetadataOptions: { HttpTokens: 'perhaps' } }, 'InvalidParameterValue'],
  ['an odd shutdown behaviour', { InstanceInitiatedShutdownBehavior: 'explode' }, 'InvalidParameterValue'],
])('a launch with %s is refused, dry or not, and changes nothing', async (_what, input, name) => {
  const { ec2, cloud } = testCloud({ publicPrefix: '127.77.9' })
  const asked = { ImageId: 'default', MinCount: 1, MaxCount: 1, ...input } as Parameters<typeof ec2.runInstances>[0]
  if (name !== 'AddressLimitExceeded')
    await expect(ec2.runInstances({ ...asked, DryRun: true })).rejects.toMatchObject(refused(name))
  await expect(ec2.runInstances(asked)).rejects.toMatchObject(refused(name))
  expect(cloud.state.ec2.instances).toEqual({})
})

test('a dry run answers DryRunOperation with status 412 and launches nothing', async () => {
  const { ec2, cloud } = testCloud()
  const dry = ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1, DryRun: true })
  await expect(dry).rejects.toMatchObject({ ...refused('DryRunOperation'), $metadata: { httpStatusCode: 412 } })
  expect(cloud.state.ec2.instances).toEqual({})
})

test('between the smallest and the largest number, as many as there are addresses', async () => {
  const { ec2, settled } = testCloud({ publicPrefix: '127.77.9' })
  const { Instances = [] } = await ec2.runInstances({ ImageId: 'debian-12', MinCount: 1, MaxCount: 1000 })
  expect(Instances).toHaveLength(254)
  expect(new Set(Instances.map((instance) => instance.PublicIpAddress)).size).toBe(254)
  await settled()
})

test('the same client token launches once; other parameters with it are refused', async () => {
  const { ec2, settled, cloud } = testCloud()
  const input = { ImageId: 'default', MinCount: 2, MaxCount: 2, ClientToken: 'token-1' }
  const first = await ec2.runInstances(input)
  const second = await ec2.runInstances(input)
  expect(second.Instances?.map((i) => i.InstanceId)).toEqual(first.Instances?.map((i) => i.InstanceId))
  await expect(ec2.runInstances({ ...input, MaxCount: 3 })).rejects.toMatchObject(
    refused('IdempotentParameterMismatch'),
  )
  await settled()
  expect(Object.keys(cloud.state.ec2.instances)).toHaveLength(2)
})

test('without room for disks a launch is refused for lack of capacity, with path and figures, and launches nothing', async () => {
  const { ec2, engine, launch } = testCloud()
  let freeMib = 200
  Object.assign(engine, { room: async () => ({ path: '/disks', freeBytes: freeMib * 2 ** 20 }) })
  const run = (MaxCount: number) => ec2.runInstances({ ImageId: 'default', MinCount: MaxCount, MaxCount })
  await expect(run(3)).rejects.toMatchObject(
    refused('InsufficientInstanceCapacity', '200 MiB are free below /disks, and 224 MiB are needed'),
  )
  expect((await ec2.describeInstances({})).Reservations).toEqual([])
  expect(await launch(2)).toHaveLength(2)
  freeMib = 100
  await expect(run(1)).rejects.toMatchObject(refused('InsufficientInstanceCapacity', 'STARCLUSTER_DISK_ROOT'))
})
