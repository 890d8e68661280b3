import type { NetworkInterface, NetworkInterfaceAssociation } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { macAddress, privateDnsName } from '../network.js'
import { own } from '../resource-ids.js'
import type { Ec2State, InstanceRecord } from '../state.js'
import { tagList } from '../tags/tags.js'
import { instanceOfInterface } from './find-interface.js'
import { type InterfaceRecord, networkOf } from './records.js'

/** A network interface, wherever it is kept: an instance's own, or one made by itself, which an instance may have too. */
export interface Interface extends InterfaceRecord {
  readonly instance?: InstanceRecord
  readonly zone: string
  readonly vpcId: string
}

export function interfaceById(state: Ec2State, id: string): Interface | undefined {
  const instance = instanceOfInterface(state, id)
  const made = own(networkOf(state).interfaces, id)
  if (instance) return ofInstance(state, instance, made)
  return made && withPlace(state, made)
}

/** In the order of their ids. */
export function allInterfaces(state: Ec2State): Interface[] {
  const { interfaces } = networkOf(state)
  const living = Object.values(state.instances).filter((instance) => instance.state !== 'terminated')
  const theirs = living.map((instance) => ofInstance(state, instance, own(interfaces, instance.networkInterfaceId)))
  const free = Object.values(interfaces).filter(({ attached }) => !attached)
  return [...theirs, ...free.map((made) => withPlace(state, made))].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function ofInstance(state: Ec2State, instance: InstanceRecord, made: InterfaceRecord | undefined): Interface {
  return withPlace(state, {
    id: instance.networkInterfaceId,
    subnetId: instance.subnetId,
    privateIp: instance.privateIp,
    groupIds: instance.securityGroupIds,
    description: made?.description ?? '',
    sourceDestCheck: instance.sourceDestCheck,
    attached: made?.attached ?? { instanceId: instance.id, deleteOnTermination: true },
    instance,
  })
}

function withPlace(state: Ec2State, record: Omit<Interface, 'zone' | 'vpcId'>): Interface {
  const subnet = networkOf(state).subnets[record.subnetId]
  return { ...record, zone: subnet?.zone ?? '', vpcId: subnet?.vpcId ?? '' }
}

export function describeInterface(cloud: Cloud, one: Interface): NetworkInterface {
  const { securityGroups } = cloud.state.ec2
  const dnsName = privateDnsName(one.privateIp, cloud.region)
  const Association = associationOf(one)
  return {
    NetworkInterfaceId: one.id,
    Association,
    Attachment: attachmentOf(cloud, one),
    AvailabilityZone: one.zone,
    Description: one.description,
    Groups: one.groupIds.map((GroupId) => ({ GroupId, GroupName: securityGroups[GroupId]?.name ?? '' })),
    InterfaceType: 'interface',
    Ipv6Addresses: [],
    MacAddress: macAddress(one.privateIp),
    OwnerId: cloud.accountId,
    PrivateDnsName: dnsName,
    PrivateIpAddress: one.privateIp,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: one.privateIp, PrivateDnsName: dnsName, Association }],
    RequesterManaged: false,
    SourceDestCheck: one.sourceDestCheck,
    Status: one.attached ? 'in-use' : 'available',
    SubnetId: one.subnetId,
    TagSet: tagList(cloud.state.ec2, one.id),
    VpcId: one.vpcId,
  }
}

function associationOf({ instance }: Interface): NetworkInterfaceAssociation | undefined {
  return instance?.publicIp ? { PublicIp: instance.publicIp, PublicDnsName: '', IpOwnerId: 'amazon' } : undefined
}

function attachmentOf(cloud: Cloud, { instance, attached }: Interface): NetworkInterface['Attachment'] {
  if (!instance || !attached) return undefined
  return {
    AttachmentId: instance.attachmentId,
    AttachTime: new Date(instance.launchedAt),
    DeleteOnTermination: attached.deleteOnTermination,
    DeviceIndex: 0,
    NetworkCardIndex: 0,
    InstanceId: instance.id,
    InstanceOwnerId: cloud.accountId,
    Status: 'attached',
  }
}
