import { expect, test } from 'vitest'
import { idOf, refused, testCloud } from './support.js'

const SUBNET = 'subnet-0107800000000000a'

test('each instance has an interface, found by filters, and gone with it', async () => {
  const { ec2, launch, settled } = testCloud()
  const [machine] = await launch(1, {
    TagSpecifications: [{ ResourceType: 'network-interface', Tags: [{ Key: 'k', Value: 'v' }] }],
  })
  const ofMachine = { Filters: [{ Name: 'attachment.instance-id', Values: [idOf(machine)] }] }
  const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces(ofMachine)
  expect(NetworkInterfaces).toMatchObject([
    {
      NetworkInterfaceId: machine?.NetworkInterfaces?.[0]?.NetworkInterfaceId,
      PrivateIpAddress: machine?.PrivateIpAddress,
      Association: { PublicIp: machine?.PublicIpAddress },
      Attachment: { DeviceIndex: 0, DeleteOnTermination: true, InstanceId: idOf(machine) },
      Status: 'in-use',
      TagSet: [{ Key: 'k', Value: 'v' }],
    },
  ])
  const AttachmentId = NetworkInterfaces[0]?.Attachment?.AttachmentId
  await expect(ec2.detachNetworkInterface({ AttachmentId })).rejects.toMatchObject(refused('OperationNotPermitted'))
  await ec2.terminateInstances({ InstanceIds: [idOf(machine)] })
  await settled()
  expect((await ec2.describeNetworkInterfaces({})).NetworkInterfaces).toEqual([])
})

test('one made by itself keeps its address, is first of an instance, and outlives it unless told otherwise', async () => {
  const { ec2, launch, settled, find } = testCloud()
  const { GroupId = '' } = await ec2.createSecurityGroup({ GroupName: 'g', Description: 'd' })
  const made = await ec2.createNetworkInterface({ SubnetId: SUBNET, PrivateIpAddress: '10.78.0.99', Groups: [GroupId] })
  const id = made.NetworkInterface?.NetworkInterfaceId ?? ''
  expect(made.NetworkInterface).toMatchObject({ Status: 'available', PrivateIpAddress: '10.78.0.99' })
  await expect(ec2.deleteSecurityGroup({ GroupId })).rejects.toMatchObject(refused('DependencyViolation'))
  await expect(launch(1, { PrivateIpAddress: '10.78.0.99' })).rejects.toMatchObject(refused('InvalidIPAddress.InUse'))
  const withIt = { NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: id }] }
  await expect(launch(2, withIt)).rejects.toMatchObject(refused('InvalidParameterCombination'))
  const [machine] = await launch(1, withIt)
  expect(machine).toMatchObject({
    PrivateIpAddress: '10.78.0.99',
    SecurityGroups: [{ GroupId }],
    NetworkInterfaces: [{ NetworkInterfaceId: id, Attachment: { DeleteOnTermination: false } }],
  })
  await expect(launch(1, withIt)).rejects.toMatchObject(refused('InvalidNetworkInterface.InUse'))
  await expect(ec2.deleteNetworkInterface({ NetworkInterfaceId: id })).rejects.toMatchObject(
    refused('InvalidParameterValue'),
  )
  await ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId: id, Groups: ['sg-01078000000000000'] })
  expect((await find(idOf(machine))).SecurityGroups).toMatchObject([{ GroupName: 'default' }])
  await ec2.terminateInstances({ InstanceIds: [idOf(machine)] })
  await settled()
  const { NetworkInterfaces } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [id] })
  expect(NetworkInterfaces).toMatchObject([{ Status: 'available', Groups: [{ GroupName: 'default' }] }])
  await ec2.deleteNetworkInterface({ NetworkInterfaceId: id })
  await launch(1, { PrivateIpAddress: '10.78.0.99' })
})

test('an interface that goes with its instance, and a subnet in use by a free one', async () => {
  const { ec2, launch, settled } = testCloud()
  const { Subnet } = await ec2.createSubnet({ VpcId: 'vpc-01078000000000000', CidrBlock: '10.78.192.0/28' })
  const SubnetId = Subnet?.SubnetId ?? ''
  const made = await ec2.createNetworkInterface({ SubnetId })
  const id = made.NetworkInterface?.NetworkInterfaceId ?? ''
  await expect(ec2.deleteSubnet({ SubnetId })).rejects.toMatchObject(refused('DependencyViolation'))
  const [machine] = await launch(1, { NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: id }] })
  const AttachmentId = machine?.NetworkInterfaces?.[0]?.Attachment?.AttachmentId
  const Attachment = { AttachmentId, DeleteOnTermination: true }
  await ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId: id, Attachment })
  await ec2.terminateInstances({ InstanceIds: [idOf(machine)] })
  await settled()
  await expect(ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [id] })).rejects.toMatchObject(
    refused('InvalidNetworkInterfaceID.NotFound'),
  )
  await ec2.deleteSubnet({ SubnetId })
})

test('a small subnet runs out of addresses; as many are launched as there are', async () => {
  const { ec2, settled } = testCloud()
  const { Subnet } = await ec2.createSubnet({ VpcId: 'vpc-01078000000000000', CidrBlock: '10.78.192.0/28' })
  const launch = { ImageId: 'default', SubnetId: Subnet?.SubnetId, MinCount: 1, MaxCount: 20 }
  const { Instances } = await ec2.runInstances(launch)
  expect(Instances).toHaveLength(11)
  const addresses = Instances?.map(({ PrivateIpAddress }) => Number(PrivateIpAddress?.split('.')[3]))
  expect(addresses).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
  await expect(ec2.runInstances(launch)).rejects.toMatchObject(refused('InsufficientFreeAddressesInSubnet'))
  await settled()
})

test('a second interface is refused, after what EC2 would refuse', async () => {
  const { ec2, launch } = testCloud()
  const [machine] = await launch(1, { Placement: { AvailabilityZone: 'local-b' } })
  const made = async (SubnetId: string) =>
    (await ec2.createNetworkInterface({ SubnetId })).NetworkInterface?.NetworkInterfaceId
  const attach = async (NetworkInterfaceId: string | undefined) =>
    ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId: idOf(machine), DeviceIndex: 1 })
  await expect(attach(await made(SUBNET))).rejects.toMatchObject(refused('InvalidParameterCombination'))
  await expect(attach(await made('subnet-0107800000000000b'))).rejects.toMatchObject(refused('UnsupportedOperation'))
  await expect(attach('eni-0123456789abcdef0')).rejects.toMatchObject(refused('InvalidNetworkInterfaceID.NotFound'))
})
