import type { _InstanceType, Instance, InstanceNetworkInterface, InstanceState, Reservation } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { ROOT_DEVICE } from '../images/images.js'
import { INSTANCE_TYPES } from '../instance-types/types.js'
import { macAddress, privateDnsName } from '../network.js'
import { placementView } from '../placement-groups/records.js'
import { profileView } from '../profiles/profiles.js'
import { own } from '../resource-ids.js'
import type { InstanceRecord } from '../state.js'
import { tagList } from '../tags/tags.js'
import { blockDeviceMappings } from '../volumes/views.js'
import { networkOf, vpcOf } from '../vpc/records.js'
import { describeMetadataOptions } from './metadata-options.js'

/** Source: EC2 API reference, InstanceState. */
const STATE_CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const

export const stateView = (state: InstanceRecord['state']): InstanceState => ({ Code: STATE_CODES[state], Name: state })

/** All of one launch, in the order of their launch indexes. */
export function describeReservation(instances: readonly InstanceRecord[], cloud: Cloud): Reservation {
  return {
    ReservationId: instances[0]?.reservationId,
    OwnerId: cloud.accountId,
    Groups: [],
    Instances: instances.map((instance) => describeInstance(instance, cloud)),
  }
}

function describeInstance(instance: InstanceRecord, cloud: Cloud): Instance {
  const { vcpus = 2 } = INSTANCE_TYPES.get(instance.instanceType) ?? {}
  return {
    InstanceId: instance.id,
    ImageId: instance.imageId,
    State: stateView(instance.state),
    StateReason: instance.stateReason && { Code: instance.stateReason.code, Message: instance.stateReason.message },
    StateTransitionReason: instance.stateTransitionReason ?? '',
    InstanceType: instance.instanceType as _InstanceType,
    KeyName: instance.keyName,
    AmiLaunchIndex: instance.amiLaunchIndex,
    LaunchTime: new Date(instance.launchTime),
    Placement: { AvailabilityZone: instance.zone, ...placementView(instance, cloud.state.ec2), Tenancy: 'default' },
    Monitoring: { State: instance.monitoring ? 'enabled' : 'disabled' },
    Architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    RootDeviceName: ROOT_DEVICE,
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    ClientToken: instance.clientToken ?? '',
    ...(instance.profile && { IamInstanceProfile: profileView(cloud, instance.profile.name) }),
    ...(instance.spotRequestId && { InstanceLifecycle: 'spot', SpotInstanceRequestId: instance.spotRequestId }),
    EbsOptimized: instance.ebsOptimized,
    EnaSupport: true,
    SourceDestCheck: instance.sourceDestCheck,
    ProductCodes: [],
    CpuOptions: { CoreCount: vcpus / 2, ThreadsPerCore: 2 },
    MetadataOptions: describeMetadataOptions(instance.metadata),
    ...(instance.state === 'terminated' ? GONE : present(instance, cloud)),
    Tags: tagList(cloud.state.ec2, instance.id),
  }
}

/** What EC2 still says of the network and disks of a terminated instance. */
const GONE = {
  PrivateDnsName: '',
  PublicDnsName: '',
  SecurityGroups: [],
  NetworkInterfaces: [],
  BlockDeviceMappings: [],
}

function present(instance: InstanceRecord, cloud: Cloud): Partial<Instance> {
  const attached = new Date(instance.launchedAt)
  return {
    SubnetId: instance.subnetId,
    VpcId: vpcOf(instance),
    PrivateIpAddress: instance.privateIp,
    PrivateDnsName: privateDnsName(instance.privateIp, cloud.region),
    PublicIpAddress: instance.publicIp,
    // Empty: no name server knows it. Source: VPC User Guide, "DNS attributes": so with DNS host names switched off.
    PublicDnsName: '',
    SecurityGroups: groupsOf(instance, cloud),
    NetworkInterfaces: [networkInterface(instance, cloud, attached)],
    BlockDeviceMappings: blockDeviceMappings(cloud, instance),
  }
}

export function groupsOf(instance: InstanceRecord, cloud: Cloud): { GroupId: string; GroupName: string }[] {
  const { securityGroups } = cloud.state.ec2
  return instance.securityGroupIds.map((id) => ({ GroupId: id, GroupName: securityGroups[id]?.name ?? '' }))
}

function networkInterface(instance: InstanceRecord, cloud: Cloud, attached: Date): InstanceNetworkInterface {
  const made = own(networkOf(cloud.state.ec2).interfaces, instance.networkInterfaceId)
  const PrivateDnsName = privateDnsName(instance.privateIp, cloud.region)
  const Association = instance.publicIp
    ? { PublicIp: instance.publicIp, PublicDnsName: '', IpOwnerId: 'amazon' }
    : undefined
  return {
    NetworkInterfaceId: instance.networkInterfaceId,
    Attachment: {
      AttachmentId: instance.attachmentId,
      AttachTime: attached,
      DeviceIndex: 0,
      NetworkCardIndex: 0,
      DeleteOnTermination: made?.attached?.deleteOnTermination ?? true,
      Status: 'attached',
    },
    Association,
    Description: made?.description ?? '',
    Groups: groupsOf(instance, cloud),
    Ipv6Addresses: [],
    InterfaceType: 'interface',
    MacAddress: macAddress(instance.privateIp),
    OwnerId: cloud.accountId,
    PrivateDnsName,
    PrivateIpAddress: instance.privateIp,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: instance.privateIp, PrivateDnsName, Association }],
    SourceDestCheck: instance.sourceDestCheck,
    Status: 'in-use',
    SubnetId: instance.subnetId,
    VpcId: vpcOf(instance),
  }
}
