import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holds, overlap, parseCidr, toAddress } from '../../../src/localcloud/ec2/vpc/cidr.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'
import { idOf, refused, testCloud } from './support.js'

/** A VPC of one's own with one subnet. */
async function ownNetwork(ec2: ReturnType<typeof testCloud>['ec2'], cidr = '10.78.192.0/24') {
  const { Vpc } = await ec2.createVpc({ CidrBlock: cidr })
  const { Subnet } = await ec2.createSubnet({ VpcId: Vpc?.VpcId, CidrBlock: cidr, AvailabilityZone: 'local-b' })
  return { vpc: Vpc?.VpcId ?? '', subnet: Subnet?.SubnetId ?? '' }
}

test('the default VPC has a gateway, a main route table and three subnets that give public addresses', async () => {
  const { ec2 } = testCloud()
  const { Vpcs } = await ec2.describeVpcs({ Filters: [{ Name: 'is-default', Values: ['true'] }] })
  const VpcId = Vpcs?.[0]?.VpcId
  const inVpc = [{ Name: 'vpc-id', Values: [VpcId ?? ''] }]
  const { Subnets = [] } = await ec2.describeSubnets({ Filters: inVpc })
  expect(Subnets.map((s) => [s.AvailabilityZone, s.MapPublicIpOnLaunch, s.AvailableIpAddressCount])).toEqual([
    ['local-a', true, 16379],
    ['local-b', true, 16379],
    ['local-c', true, 16379],
  ])
  const attached = [{ Name: 'attachment.vpc-id', Values: [VpcId ?? ''] }]
  const { InternetGateways = [] } = await ec2.describeInternetGateways({ Filters: attached })
  const { RouteTables = [] } = await ec2.describeRouteTables({ Filters: inVpc })
  expect(RouteTables).toMatchObject([
    {
      Associations: [{ Main: true }],
      Routes: [
        { DestinationCidrBlock: '10.78.0.0/16', GatewayId: 'local', State: 'active' },
        {
          DestinationCidrBlock: '0.0.0.0/0',
          GatewayId: InternetGateways[0]?.InternetGatewayId,
          State: 'active',
        },
      ],
    },
  ])
})

test('a VPC comes with a route table and a group, counts addresses, and is deleted when nothing else is in it', async () => {
  const { ec2, launch, settled, cloud } = testCloud()
  const { vpc, subnet } = await ownNetwork(ec2)
  const inVpc = [{ Name: 'vpc-id', Values: [vpc] }]
  expect((await ec2.describeSecurityGroups({ Filters: inVpc })).SecurityGroups).toMatchObject([
    { GroupName: 'default' },
  ])
  const free = async () => (await ec2.describeSubnets({ SubnetIds: [subnet] })).Subnets?.[0]?.AvailableIpAddressCount
  expect(await free()).toBe(251)
  const [machine] = await launch(1, { SubnetId: subnet })
  expect(machine).toMatchObject({ VpcId: vpc, SubnetId: subnet, Placement: { AvailabilityZone: 'local-b' } })
  expect(machine?.SecurityGroups).toMatchObject([{ GroupName: 'default' }])
  expect(machine?.PublicIpAddress).toBeUndefined()
  expect(await free()).toBe(250)
  await expect(ec2.deleteSubnet({ SubnetId: subnet })).rejects.toMatchObject(refused('DependencyViolation'))
  await expect(ec2.deleteVpc({ VpcId: vpc })).rejects.toMatchObject(refused('DependencyViolation'))
  await ec2.terminateInstances({ InstanceIds: [idOf(machine)] })
  await settled()
  await ec2.deleteSubnet({ SubnetId: subnet })
  await ec2.deleteVpc({ VpcId: vpc })
  await expect(ec2.describeVpcs({ VpcIds: [vpc] })).rejects.toMatchObject(refused('InvalidVpcID.NotFound'))
  expect(Object.keys(cloud.state.ec2.securityGroups)).toHaveLength(1)
  expect(Object.keys(cloud.state.ec2.network?.routeTables ?? {})).toHaveLength(1)
})

test.each([
  ['CreateVpc', { CidrBlock: '10.0.0.0/8' }, 'InvalidVpc.Range'],
  ['CreateVpc', { CidrBlock: '10.0.0.0/29' }, 'InvalidVpc.Range'],
  ['CreateVpc', { CidrBlock: '10.0.0/16' }, 'InvalidParameterValue'],
  ['CreateVpc', {}, 'MissingParameter'],
  ['CreateSubnet', { VpcId: 'vpc-01078000000000000', CidrBlock: '10.79.0.0/24' }, 'InvalidSubnet.Range'],
  ['CreateSubnet', { VpcId: 'vpc-01078000000000000', CidrBlock: '10.78.63.0/24' }, 'InvalidSubnet.Conflict'],
  ['CreateSubnet', { VpcId: 'vpc-01078000000000000', CidrBlock: '10.78.200.0/30' }, 'InvalidSubnet.Range'],
  ['CreateSubnet', { VpcId: 'vpc-0123456789abcdef0', CidrBlock: '10.78.200.0/24' }, 'InvalidVpcID.NotFound'],
  [
    'CreateSubnet',
    { VpcId: 'vpc-01078000000000000', CidrBlock: '10.78.200.0/24', AvailabilityZone: 'us-east-1a' },
    'InvalidParameterValue',
  ],
  ['DeleteSubnet', { SubnetId: 'subnet-0123456789abcdef0' }, 'InvalidSubnetID.NotFound'],
  ['DeleteInternetGateway', { InternetGatewayId: 'igw-0123456789abcdef0' }, 'InvalidInternetGatewayID.NotFound'],
  ['DeleteInternetGateway', { InternetGatewayId: 'igw-01078000000000000' }, 'DependencyViolation'],
  ['DeleteRouteTable', { RouteTableId: 'rtb-01078000000000000' }, 'DependencyViolation'],
  ['DeleteRouteTable', { RouteTableId: 'nonsense' }, 'InvalidRouteTableId.Malformed'],
  ['DisassociateRouteTable', { AssociationId: 'rtbassoc-01078000000000000' }, 'InvalidParameterValue'],
  ['DisassociateRouteTable', { AssociationId: 'rtbassoc-0123456789abcdef0' }, 'InvalidAssociationID.NotFound'],
  [
    'DeleteRoute',
    { RouteTableId: 'rtb-01078000000000000', DestinationCidrBlock: '10.78.0.0/16' },
    'InvalidParameterValue',
  ],
  [
    'DeleteRoute',
    { RouteTableId: 'rtb-01078000000000000', DestinationCidrBlock: '10.9.0.0/16' },
    'InvalidRoute.NotFound',
  ],
  [
    'CreateRoute',
    { RouteTableId: 'rtb-01078000000000000', DestinationCidrBlock: '10.9.0.0/16', GatewayId: 'igw-0123456789abcdef0' },
    'InvalidGatewayID.NotFound',
  ],
  [
    'CreateRoute',
    {
      RouteTableId: 'rtb-01078000000000000',
      DestinationCidrBlock: '10.9.0.0/16',
      NatGatewayId: 'nat-0123456789abcdef0',
    },
    'UnsupportedOperation',
  ],
] as const)('%s %j is refused with %s, dry or not', async (action, input, code) => {
  const { ec2, cloud } = testCloud()
  await ec2.describeVpcs({})
  const before = JSON.stringify(cloud.state)
  const method = `${action[0]?.toLowerCase()}${action.slice(1)}` as 'createVpc'
  for (const dry of [{ DryRun: true }, {}]) {
    await expect(ec2[method]({ ...input, ...dry } as never)).rejects.toMatchObject(refused(code))
  }
  expect(JSON.stringify(cloud.state)).toBe(before)
})

test('a dry run of each that makes something makes nothing', async () => {
  const { ec2, cloud } = testCloud()
  const vpc = 'vpc-01078000000000000'
  await ec2.describeVpcs({})
  await ec2.describePlacementGroups({})
  const before = JSON.stringify(cloud.state)
  const dry = { DryRun: true }
  for (const call of [
    ec2.createVpc({ CidrBlock: '10.0.0.0/16', ...dry }),
    ec2.createSubnet({ VpcId: vpc, CidrBlock: '10.78.200.0/24', ...dry }),
    ec2.createInternetGateway(dry),
    ec2.createRouteTable({ VpcId: vpc, ...dry }),
    ec2.createNetworkInterface({ SubnetId: 'subnet-0107800000000000a', ...dry }),
    ec2.createPlacementGroup({ GroupName: 'g', ...dry }),
    ec2.describeRouteTables(dry),
    ec2.describeInternetGateways(dry),
    ec2.describeNetworkInterfaces(dry),
    ec2.describePlacementGroups(dry),
  ]) {
    await expect(call).rejects.toMatchObject(refused('DryRunOperation'))
  }
  expect(JSON.stringify(cloud.state)).toBe(before)
})

test('a gateway is attached to one VPC, and not detached while public addresses need it', async () => {
  const { ec2, launch, settled } = testCloud()
  const { vpc, subnet } = await ownNetwork(ec2)
  const { InternetGateway } = await ec2.createInternetGateway({})
  const gateway = { InternetGatewayId: InternetGateway?.InternetGatewayId ?? '' }
  await expect(ec2.detachInternetGateway({ ...gateway, VpcId: vpc })).rejects.toMatchObject(
    refused('Gateway.NotAttached'),
  )
  await ec2.attachInternetGateway({ ...gateway, VpcId: vpc })
  await expect(ec2.attachInternetGateway({ ...gateway, VpcId: vpc })).rejects.toMatchObject(
    refused('Resource.AlreadyAssociated'),
  )
  await ec2.modifySubnetAttribute({ SubnetId: subnet, MapPublicIpOnLaunch: { Value: true } })
  const [machine] = await launch(1, { SubnetId: subnet })
  expect(machine?.PublicIpAddress).toBe('127.77.0.1')
  await expect(ec2.detachInternetGateway({ ...gateway, VpcId: vpc })).rejects.toMatchObject(
    refused('DependencyViolation'),
  )
  await ec2.terminateInstances({ InstanceIds: [idOf(machine)] })
  await settled()
  await ec2.detachInternetGateway({ ...gateway, VpcId: vpc })
  await ec2.deleteInternetGateway(gateway)
})

test('routes: a subnet follows its own table or else the main one; a route to a detached gateway is a black hole', async () => {
  const { ec2 } = testCloud()
  const { vpc, subnet } = await ownNetwork(ec2)
  const { RouteTable } = await ec2.createRouteTable({ VpcId: vpc })
  const table = { RouteTableId: RouteTable?.RouteTableId ?? '' }
  const { AssociationId } = await ec2.associateRouteTable({ ...table, SubnetId: subnet })
  const again = await ec2.associateRouteTable({ ...table, SubnetId: subnet })
  expect(again.AssociationId).toBe(AssociationId)
  const { InternetGateway } = await ec2.createInternetGateway({})
  const gateway = InternetGateway?.InternetGatewayId ?? ''
  const route = { ...table, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway }
  await expect(ec2.createRoute(route)).rejects.toMatchObject(refused('InvalidParameterValue', 'different networks'))
  await ec2.attachInternetGateway({ InternetGatewayId: gateway, VpcId: vpc })
  await ec2.createRoute(route)
  await ec2.createRoute(route)
  const find = async () => (await ec2.describeRouteTables({ RouteTableIds: [table.RouteTableId] })).RouteTables?.[0]
  expect((await find())?.Routes?.map(({ State }) => State)).toEqual(['active', 'active'])
  await ec2.detachInternetGateway({ InternetGatewayId: gateway, VpcId: vpc })
  expect((await find())?.Routes?.map(({ State }) => State)).toEqual(['active', 'blackhole'])
  await ec2.deleteRoute({ ...table, DestinationCidrBlock: '0.0.0.0/0' })
  await expect(ec2.replaceRoute(route)).rejects.toMatchObject(refused('InvalidParameterValue'))
  await expect(ec2.deleteRouteTable(table)).rejects.toMatchObject(refused('DependencyViolation'))
  const other = (await ec2.createRouteTable({ VpcId: vpc })).RouteTable?.RouteTableId
  await expect(ec2.associateRouteTable({ RouteTableId: other, SubnetId: subnet })).rejects.toMatchObject(
    refused('Resource.AlreadyAssociated'),
  )
  const { NewAssociationId } = await ec2.replaceRouteTableAssociation({ AssociationId, RouteTableId: other })
  await ec2.deleteRouteTable(table)
  await ec2.disassociateRouteTable({ AssociationId: NewAssociationId })
  const own = await ec2.describeRouteTables({ Filters: [{ Name: 'association.subnet-id', Values: [subnet] }] })
  expect(own.RouteTables).toEqual([])
})

test('the host reaches a machine only at a public address that a route leads to', async () => {
  const { ec2, launch, engine } = testCloud()
  const [machine] = await launch()
  const isPrivate = () => engine.policy?.nodes.find(({ id }) => id === idOf(machine))?.private
  expect(isPrivate()).toBeUndefined()
  const route = { RouteTableId: 'rtb-01078000000000000', DestinationCidrBlock: '0.0.0.0/0' }
  await ec2.deleteRoute(route)
  expect(isPrivate()).toBe(true)
  await ec2.createRoute({ ...route, GatewayId: 'igw-01078000000000000' })
  expect(isPrivate()).toBeUndefined()
})

test('without a public address when asked so, or where the subnet gives none; none after a stop either', async () => {
  const { ec2, launch, settled, find, engine } = testCloud()
  const [asked] = await launch(1, { NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: false }] })
  await ec2.modifySubnetAttribute({ SubnetId: 'subnet-0107800000000000a', MapPublicIpOnLaunch: { Value: false } })
  const [given] = await launch(1, { SubnetId: 'subnet-0107800000000000a' })
  const [wanted] = await launch(1, { NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true }] })
  expect([asked, given, wanted].map((one) => one?.PublicIpAddress)).toEqual([undefined, undefined, '127.77.0.1'])
  expect(engine.nodes.get(idOf(asked))?.spec.publicIp).toBe('')
  await ec2.stopInstances({ InstanceIds: [idOf(asked)] })
  await settled()
  await ec2.startInstances({ InstanceIds: [idOf(asked)] })
  await settled()
  expect((await find(idOf(asked))).PublicIpAddress).toBeUndefined()
})

test('machines have addresses of one range only, and groups of their own VPC', async () => {
  const { ec2, launch } = testCloud()
  const { subnet } = await ownNetwork(ec2, '10.0.0.0/24')
  await expect(launch(1, { SubnetId: subnet })).rejects.toMatchObject(refused('UnsupportedOperation', '10.78.0.0/16'))
  const { subnet: other } = await ownNetwork(ec2)
  const foreign = { SubnetId: other, SecurityGroupIds: ['sg-01078000000000000'] }
  await expect(launch(1, foreign)).rejects.toMatchObject(refused('InvalidParameter', 'different networks'))
})

test('the name of a group is free again in another VPC', async () => {
  const { ec2 } = testCloud()
  const { vpc } = await ownNetwork(ec2)
  const group = { GroupName: 'g', Description: 'd' }
  const first = await ec2.createSecurityGroup(group)
  const second = await ec2.createSecurityGroup({ ...group, VpcId: vpc })
  await expect(ec2.createSecurityGroup({ ...group, VpcId: vpc })).rejects.toMatchObject(
    refused('InvalidGroup.Duplicate'),
  )
  const named = await ec2.describeSecurityGroups({ GroupNames: ['g'] })
  expect(named.SecurityGroups?.map(({ GroupId }) => GroupId)).toEqual([first.GroupId])
  await ec2.deleteSecurityGroup({ GroupId: second.GroupId })
})

test('a state from before there were other subnets is taken as it was', async () => {
  const { cloud, launch, engine } = testCloud()
  const [machine] = await launch()
  const state = JSON.parse(JSON.stringify(cloud.state))
  delete state.ec2.network
  delete state.ec2.instances[idOf(machine)].vpcId
  const { EC2 } = await import('@aws-sdk/client-ec2')
  const ec2 = new EC2(createInProcessCloud({ engine, state }).clientConfig)
  const { Reservations } = await ec2.describeInstances({})
  expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
    VpcId: 'vpc-01078000000000000',
    PublicIpAddress: '127.77.0.1',
  })
  const { Subnets } = await ec2.describeSubnets({ SubnetIds: ['subnet-0107800000000000a'] })
  expect(Subnets?.[0]?.AvailableIpAddressCount).toBe(16378)
})

const range = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 20, max: 32 }))
  .map(([base, bits]) => `${toAddress(base)}/${bits}`)

test('ranges overlap and hold each other as their addresses do', () => {
  fc.assert(
    fc.property(range, range, fc.integer({ min: 0, max: 12 }), (first, second, wider) => {
      const a = parseCidr(first)!
      // Near the first, so that some overlap.
      const b = parseCidr(second.replace(/^[\d.]+/, toAddress(Math.max(0, a.base - 2048))))!
      const bases = new Set(Array.from({ length: a.size }, (_, at) => a.base + at))
      const inB = (address: number) => address >= b.base && address < b.base + b.size
      expect(overlap(a, b)).toBe([...bases].some(inB))
      expect(holds(b, a)).toBe([...bases].every(inB))
      const bits = Math.max(0, Number(first.split('/')[1]) - wider)
      expect(holds(parseCidr(`${toAddress(a.base)}/${bits}`)!, a)).toBe(true)
    }),
    { numRuns: 200 },
  )
})
