import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wildcard } from '../../../src/localcloud/ec2/filters.js'
import { metadataSource } from '../../../src/localcloud/ec2/index.js'
import { idOf, idsOf, refused, testCloud } from './support.js'

test('every filter of a running instance finds it, and only it', async () => {
  const { ec2, launch, find } = testCloud()
  await ec2.createKeyPair({ KeyName: 'k', KeyType: 'ed25519' })
  const { GroupId = '' } = await ec2.createSecurityGroup({ GroupName: '@sc-t', Description: 'd' })
  await launch(1)
  const tags = [
    { Key: 'Name', Value: 'node001' },
    { Key: 'starcluster:aliases', Value: 'a*b' },
  ]
  const [made] = await launch(1, {
    KeyName: 'k',
    SecurityGroupIds: [GroupId],
    InstanceType: 'c5.large',
    Placement: { AvailabilityZone: 'local-c' },
    TagSpecifications: [{ ResourceType: 'instance', Tags: tags }],
  })
  const one = await find(idOf(made))
  for (const [Name, value] of [
    ['instance-id', one.InstanceId],
    ['instance.group-name', '@sc-t'],
    ['instance.group-id', GroupId],
    ['key-name', 'k'],
    ['subnet-id', one.SubnetId],
    ['availability-zone', 'local-?'.replace('?', 'c')],
    ['instance-type', 'c5.*'],
    ['private-ip-address', one.PrivateIpAddress],
    ['ip-address', one.PublicIpAddress],
    ['tag:Name', 'node0??'],
    ['tag:starcluster:aliases', 'a\\*b'],
    ['tag-key', 'Name'],
    [
      'reservation-id',
      made && (await ec2.describeInstances({ InstanceIds: [idOf(made)] })).Reservations?.[0]?.ReservationId,
    ],
  ] as const) {
    const { Reservations = [] } = await ec2.describeInstances({ Filters: [{ Name, Values: ['none', value ?? ''] }] })
    expect(idsOf(Reservations.flatMap((r) => r.Instances ?? [])), Name).toEqual([one.InstanceId])
  }
  for (const [Name, value] of [
    ['vpc-id', one.VpcId],
    ['instance-state-name', 'running'],
    ['image-id', one.ImageId],
  ] as const) {
    const { Reservations } = await ec2.describeInstances({ Filters: [{ Name, Values: [value ?? ''] }] })
    expect(Reservations, Name).toHaveLength(2)
  }
  await expect(ec2.describeInstances({ Filters: [{ Name: 'nonsense', Values: ['x'] }] })).rejects.toMatchObject(
    refused('InvalidParameterValue', 'nonsense'),
  )
  await expect(
    ec2.describeInstances({ InstanceIds: ['i-0123456789abcdef0', 'i-0123456789abcdef1'] }),
  ).rejects.toMatchObject(
    refused('InvalidInstanceID.NotFound', "'i-0123456789abcdef0, i-0123456789abcdef1' do not exist"),
  )
  await expect(ec2.describeInstances({ DryRun: true })).rejects.toMatchObject(refused('DryRunOperation'))
})

const MEANINGS: Readonly<Record<string, string>> = { '*': '.*', '?': '.', '\\*': '\\*', '.': '\\.' }

test('wildcards agree with the regular expressions they stand for', () => {
  const pattern = fc.array(fc.constantFrom('a', 'b', '*', '?', '\\*', '.'), { maxLength: 8 })
  fc.assert(
    fc.property(pattern, fc.stringMatching(/^[ab*.]{0,8}$/), (parts, text) => {
      const meaning = parts.map((part) => MEANINGS[part] ?? part).join('')
      expect(wildcard(parts.join(''))(text)).toBe(new RegExp(`^(?:${meaning})$`, 's').test(text))
    }),
  )
})

test('pages hold each instance once, in order of launch, whatever is launched meanwhile', async () => {
  const { ec2, launch } = testCloud()
  const ids = [...idsOf(await launch(7)), ...idsOf(await launch(6))]
  const seen: string[] = []
  let NextToken: string | undefined
  do {
    const page = await ec2.describeInstances({ MaxResults: 5, NextToken })
    seen.push(...idsOf((page.Reservations ?? []).flatMap((r) => r.Instances ?? [])))
    NextToken = page.NextToken
    if (seen.length === 5) await launch(1)
  } while (NextToken)
  expect(seen.slice(0, 13)).toEqual(ids)
  expect(new Set(seen).size).toBe(14)
  await expect(ec2.describeInstances({ MaxResults: 4 })).rejects.toMatchObject(refused('InvalidParameterValue', '4'))
  await expect(ec2.describeInstances({ NextToken: 'junk' })).rejects.toMatchObject(refused('InvalidNextToken'))
  await expect(ec2.describeInstances({ MaxResults: 5, InstanceIds: [ids[0] ?? ''] })).rejects.toMatchObject(
    refused('InvalidParameterCombination'),
  )
})

test('10,000 instances are launched and listed', { timeout: 240_000 }, async () => {
  const { ec2, settled } = testCloud()
  await ec2.runInstances({ ImageId: 'default', MinCount: 10_000, MaxCount: 10_000 })
  await settled()
  const { Reservations = [] } = await ec2.describeInstances({})
  const instances = Reservations.flatMap((reservation) => reservation.Instances ?? [])
  expect(instances).toHaveLength(10_000)
  expect(new Set(instances.map((instance) => instance.PrivateIpAddress)).size).toBe(10_000)
  expect(new Set(instances.map((instance) => instance.PublicIpAddress)).size).toBe(10_000)
})

test('tags are added, changed, listed and deleted, on every kind of resource', async () => {
  const { ec2, launch, find, cloud } = testCloud()
  const id = idOf((await launch())[0])
  const group = (await ec2.describeSecurityGroups({})).SecurityGroups?.[0]?.GroupId ?? ''
  const Resources = [id, group]
  await ec2.createTags({
    Resources,
    Tags: [
      { Key: 'a', Value: '1' },
      { Key: '__proto__', Value: 'x' },
    ],
  })
  await ec2.createTags({ Resources: [id], Tags: [{ Key: 'a', Value: '2' }, { Key: 'b' }] })
  expect(await find(id)).toMatchObject({
    Tags: [
      { Key: 'a', Value: '2' },
      { Key: '__proto__', Value: 'x' },
      { Key: 'b', Value: '' },
    ],
  })
  const listed = await ec2.describeTags({
    Filters: [
      { Name: 'resource-type', Values: ['instance'] },
      { Name: 'key', Values: ['a'] },
    ],
  })
  expect(listed.Tags).toEqual([{ ResourceId: id, ResourceType: 'instance', Key: 'a', Value: '2' }])
  await ec2.deleteTags({ Resources: [id], Tags: [{ Key: 'a', Value: 'other' }, { Key: 'b' }, { Key: 'none' }] })
  expect((await find(id)).Tags?.map((tag) => tag.Key)).toEqual(['a', '__proto__'])
  await ec2.deleteTags({ Resources })
  expect(cloud.state.ec2.tags).toEqual({})
  const tag = (more: object) => ec2.createTags({ Resources: [id], Tags: [{ Key: 'k', Value: 'v' }], ...more })
  await expect(tag({ DryRun: true })).rejects.toMatchObject(refused('DryRunOperation'))
  await expect(tag({ Resources: [id, 'i-0123456789abcdef0'] })).rejects.toMatchObject(
    refused('InvalidInstanceID.NotFound'),
  )
  await expect(tag({ Resources: ['nonsense'] })).rejects.toMatchObject(refused('InvalidID'))
  await expect(tag({ Resources: ['constructor-1'] })).rejects.toMatchObject(refused('InvalidID'))
  await expect(tag({ Tags: [{ Key: 'aws:x', Value: '' }] })).rejects.toMatchObject(refused('InvalidParameterValue'))
  const many = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' }))
  await expect(tag({ Tags: many })).rejects.toMatchObject(refused('TagLimitExceeded'))
  expect((await find(id)).Tags).toBeUndefined()
})

test('console, status and attributes tell of the instance', async () => {
  const { ec2, launch, settled } = testCloud()
  const UserData = Buffer.from('#!/bin/sh\ntrue\n').toString('base64')
  const InstanceId = idOf((await launch(1, { UserData, SecurityGroups: ['default'] }))[0])
  const { Output } = await ec2.getConsoleOutput({ InstanceId, Latest: true })
  expect(Buffer.from(Output ?? '', 'base64').toString()).toContain('boot 1')
  expect((await ec2.describeInstanceStatus({})).InstanceStatuses).toMatchObject([
    { InstanceId, InstanceStatus: { Status: 'ok' } },
  ])
  const attribute = (Attribute: string) =>
    ec2.describeInstanceAttribute({ InstanceId, Attribute: Attribute as 'userData' })
  expect((await attribute('userData')).UserData?.Value).toBe(UserData)
  expect((await attribute('instanceType')).InstanceType?.Value).toBe('t3.small')
  await expect(attribute('nonsense')).rejects.toMatchObject(refused('InvalidParameterValue'))
  const change = ec2.modifyInstanceAttribute({ InstanceId, InstanceType: { Value: 'm5.large' } })
  await expect(change).rejects.toMatchObject(refused('IncorrectInstanceState'))
  await ec2.stopInstances({ InstanceIds: [InstanceId] })
  await settled()
  await ec2.modifyInstanceAttribute({ InstanceId, InstanceType: { Value: 'm5.large' } })
  expect((await attribute('instanceType')).InstanceType?.Value).toBe('m5.large')
  expect((await ec2.describeInstanceStatus({})).InstanceStatuses).toEqual([])
  expect((await ec2.describeInstanceStatus({ IncludeAllInstances: true })).InstanceStatuses).toHaveLength(1)
  await expect(ec2.getConsoleOutput({ InstanceId: 'x' })).rejects.toMatchObject(refused('InvalidInstanceID.Malformed'))
})

test('the region, its zones, network, images and types', async () => {
  const { ec2 } = testCloud()
  expect((await ec2.describeRegions({})).Regions).toMatchObject([{ RegionName: 'local' }])
  expect((await ec2.describeAvailabilityZones({})).AvailabilityZones?.map((zone) => zone.ZoneName)).toEqual([
    'local-a',
    'local-b',
    'local-c',
  ])
  expect((await ec2.describeVpcs({ Filters: [{ Name: 'is-default', Values: ['true'] }] })).Vpcs).toMatchObject([
    { CidrBlock: '10.78.0.0/16', IsDefault: true },
  ])
  const { Subnets } = await ec2.describeSubnets({ Filters: [{ Name: 'availability-zone', Values: ['local-b'] }] })
  expect(Subnets).toMatchObject([{ CidrBlock: '10.78.64.0/18', AvailableIpAddressCount: 16_379 }])
  const { Images } = await ec2.describeImages({ Owners: ['amazon'], Filters: [{ Name: 'name', Values: ['debian-*'] }] })
  expect(Images).toMatchObject([{ Name: 'debian-12', State: 'available', RootDeviceType: 'ebs' }])
  expect((await ec2.describeImages({ ImageIds: ['default'] })).Images?.[0]?.ImageId).toBe(Images?.[0]?.ImageId)
  const types = await ec2.describeInstanceTypes({ InstanceTypes: ['t3.nano', 'r5.24xlarge', 'c5.9xlarge'] })
  expect(
    types.InstanceTypes?.map((type) => [type.InstanceType, type.VCpuInfo?.DefaultVCpus, type.MemoryInfo?.SizeInMiB]),
  ).toEqual([
    ['c5.9xlarge', 36, 73_728],
    ['r5.24xlarge', 96, 786_432],
    ['t3.nano', 2, 512],
  ])
  const offered = await ec2.describeInstanceTypeOfferings({
    LocationType: 'availability-zone',
    Filters: [{ Name: 'instance-type', Values: ['t3.small'] }],
  })
  expect(offered.InstanceTypeOfferings?.map((offering) => offering.Location)).toEqual(['local-a', 'local-b', 'local-c'])
  expect(
    (await ec2.describeAccountAttributes({ AttributeNames: ['default-vpc'] })).AccountAttributes?.[0]
      ?.AttributeValues?.[0]?.AttributeValue,
  ).toMatch(/^vpc-/)
  await expect(ec2.describeInstanceTypes({ InstanceTypes: ['x.y' as never] })).rejects.toMatchObject(
    refused('InvalidInstanceType', 'x.y'),
  )
  await expect(ec2.describeImages({ ImageIds: ['ami-0123456789abcdef0'] })).rejects.toMatchObject(
    refused('InvalidAMIID.NotFound'),
  )
  await expect(ec2.describeAvailabilityZones({ ZoneNames: ['us-east-1a'] })).rejects.toMatchObject(
    refused('InvalidParameterValue', 'us-east-1a'),
  )
  for (const ask of [
    () => ec2.describeRegions({ DryRun: true }),
    () => ec2.describeAvailabilityZones({ DryRun: true }),
    () => ec2.describeVpcs({ DryRun: true }),
    () => ec2.describeSubnets({ DryRun: true }),
    () => ec2.describeImages({ DryRun: true }),
    () => ec2.describeInstanceTypes({ DryRun: true }),
    () => ec2.describeTags({ DryRun: true }),
    () => ec2.describeKeyPairs({ DryRun: true }),
    () => ec2.describeSecurityGroups({ DryRun: true }),
    () => ec2.describeInstanceStatus({ DryRun: true }),
  ]) {
    await expect(ask()).rejects.toMatchObject(refused('DryRunOperation'))
  }
})

test('an instance finds itself in the metadata service, until it is terminated', async () => {
  const { ec2, launch, cloud, settled } = testCloud()
  const { KeyFingerprint } = await ec2.createKeyPair({ KeyName: 'k', KeyType: 'ed25519' })
  expect(KeyFingerprint).toBeDefined()
  const [made] = await launch(1, {
    KeyName: 'k',
    UserData: Buffer.from('hello').toString('base64'),
    BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } }],
    MetadataOptions: { InstanceMetadataTags: 'enabled' },
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'master' }] }],
  })
  const source = metadataSource(cloud)
  const metadata = source.instanceAt('10.78.0.4')
  expect(metadata).toMatchObject({ instanceId: made?.InstanceId, tokenRequired: true })
  expect(Buffer.from(metadata?.userData ?? []).toString()).toBe('hello')
  expect(metadata?.tree).toMatchObject({
    'ami-launch-index': '0',
    'block-device-mapping/root': '/dev/xvda',
    'block-device-mapping/ebs1': 'sdf',
    'instance-id': made?.InstanceId,
    'local-ipv4': '10.78.0.4',
    'local-hostname': 'ip-10-78-0-4.local.internal',
    mac: '02:77:0a:4e:00:04',
    'placement/availability-zone': 'local-a',
    'placement/region': 'local',
    'public-ipv4': '127.77.0.1',
    'public-keys/': '0=k',
    'public-keys/0/openssh-key': expect.stringMatching(/^ssh-ed25519 \S+ k\n$/),
    'security-groups': 'default',
    'tags/instance/Name': 'master',
  })
  const mac = 'network/interfaces/macs/02:77:0a:4e:00:04'
  expect(metadata?.tree).toMatchObject({
    [`${mac}/ipv4-associations/127.77.0.1`]: '10.78.0.4',
    [`${mac}/vpc-ipv4-cidr-blocks`]: '10.78.0.0/16',
    'events/maintenance/scheduled': '[]',
    'instance-life-cycle': 'on-demand',
  })
  expect(JSON.parse(metadata?.dynamic['instance-identity/document'] ?? '')).toMatchObject({
    accountId: '000000000000',
    instanceId: made?.InstanceId,
    privateIp: '10.78.0.4',
    region: 'local',
  })
  const { InstanceMetadataOptions } = await ec2.modifyInstanceMetadataOptions({
    InstanceId: made?.InstanceId,
    HttpTokens: 'optional',
    HttpPutResponseHopLimit: 1,
    InstanceMetadataTags: 'disabled',
  })
  expect(InstanceMetadataOptions).toMatchObject({ HttpTokens: 'optional', HttpPutResponseHopLimit: 1 })
  expect(source.instanceAt('10.78.0.4')).toMatchObject({ tokenRequired: false })
  expect(source.instanceAt('10.78.0.4')?.tree).not.toHaveProperty('tags/instance/Name')
  await ec2.modifyInstanceMetadataOptions({ InstanceId: made?.InstanceId, HttpEndpoint: 'disabled' })
  expect(source.instanceAt('10.78.0.4')).toMatchObject({ disabled: true })
  await expect(
    ec2.modifyInstanceMetadataOptions({ InstanceId: made?.InstanceId, HttpPutResponseHopLimit: 65 }),
  ).rejects.toMatchObject(refused('InvalidParameterValue', 'HttpPutResponseHopLimit'))
  expect(source.instanceAt('10.78.0.99')).toBeUndefined()
  await ec2.terminateInstances({ InstanceIds: [idOf(made)] })
  await settled()
  expect(source.instanceAt('10.78.0.4')).toBeUndefined()
})
