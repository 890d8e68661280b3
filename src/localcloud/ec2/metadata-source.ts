import type { Cloud } from '../cloud.js'
import type { InstanceMetadata, MetadataSource } from '../nodes/engine.js'
import { groupsOf } from './instances/view.js'
import { macAddress, privateDnsName } from './network.js'
import { roleTree } from './profiles/role-metadata.js'
import { interruptionOf } from './spot/interruptions.js'
import type { InstanceRecord } from './state.js'
import { tagsOf } from './tags/tags.js'
import { dataVolumesOf } from './volumes/attachments.js'
import { networkOf, vpcOf } from './vpc/records.js'
import { zoneIdOf } from './vpc/zones.js'

/**
 * What the metadata service tells each instance of itself, always from the present state.
 * Source: EC2 User Guide, "Instance metadata categories"
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html).
 */
export function metadataSource(cloud: Cloud) {
  return {
    instanceAt(privateIp: string): InstanceMetadata | undefined {
      const instance = Object.values(cloud.state.ec2.instances).find(
        (candidate) => candidate.privateIp === privateIp && candidate.state !== 'terminated',
      )
      return instance && metadataOf(cloud, instance)
    },
  } satisfies MetadataSource
}

function metadataOf(cloud: Cloud, instance: InstanceRecord): InstanceMetadata {
  return {
    instanceId: instance.id,
    tree: metadataTree(cloud, instance),
    dynamic: dynamicTree(cloud, instance),
    disabled: instance.metadata.endpoint === 'disabled',
    ...(instance.userData === undefined ? {} : { userData: new Uint8Array(Buffer.from(instance.userData, 'base64')) }),
    tokenRequired: instance.metadata.tokens === 'required',
  }
}

function metadataTree(cloud: Cloud, instance: InstanceRecord): Record<string, string> {
  const localName = privateDnsName(instance.privateIp, cloud.region)
  const groups = groupsOf(instance, cloud)
  return {
    'ami-id': instance.imageId,
    'ami-launch-index': String(instance.amiLaunchIndex),
    'ami-manifest-path': '(unknown)',
    'block-device-mapping/ami': '/dev/xvda',
    'block-device-mapping/root': '/dev/xvda',
    ...dataVolumesTree(cloud, instance),
    'events/maintenance/history': '[]',
    'events/maintenance/scheduled': '[]',
    hostname: localName,
    'instance-action': 'none',
    'instance-id': instance.id,
    'instance-life-cycle': instance.spotRequestId ? 'spot' : 'on-demand',
    'instance-type': instance.instanceType,
    'local-hostname': localName,
    'local-ipv4': instance.privateIp,
    mac: macAddress(instance.privateIp),
    ...networkTree(cloud, instance),
    'placement/availability-zone': instance.zone,
    'placement/availability-zone-id': zoneIdOf(instance.zone) ?? '',
    ...placementTree(instance),
    'placement/region': cloud.region,
    profile: 'default-hvm',
    ...(instance.publicIp ? { 'public-ipv4': instance.publicIp } : {}),
    'public-hostname': '',
    ...publicKeys(instance),
    'reservation-id': instance.reservationId,
    'security-groups': groups.map((group) => group.GroupName).join('\n'),
    ...roleTree(cloud, instance),
    ...spotTree(cloud, instance),
    'services/domain': 'amazonaws.com',
    'services/partition': 'aws',
    ...tagTree(cloud, instance),
  }
}

/**
 * Without pkcs7, rsa2048 and signature: nobody but Amazon can sign.
 * Source: EC2 User Guide, "Dynamic data categories" and "Instance identity documents".
 */
function dynamicTree(cloud: Cloud, instance: InstanceRecord): Record<string, string> {
  const document = {
    accountId: cloud.accountId,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    availabilityZone: instance.zone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: instance.imageId,
    instanceId: instance.id,
    instanceType: instance.instanceType,
    kernelId: null,
    pendingTime: isoSeconds(new Date(instance.launchTime)),
    privateIp: instance.privateIp,
    ramdiskId: null,
    region: cloud.region,
    version: '2017-09-30',
  }
  return {
    'fws/instance-monitoring': instance.monitoring ? 'enabled' : 'disabled',
    'instance-identity/document': JSON.stringify(document, null, 2),
  }
}

function placementTree({ placementGroup: group, partition }: InstanceRecord): Record<string, string> {
  return {
    ...(group === undefined ? {} : { 'placement/group-name': group }),
    ...(partition === undefined ? {} : { 'placement/partition-number': String(partition) }),
  }
}

/** `ebs1` and so on, the device names without `/dev/`. */
function dataVolumesTree(cloud: Cloud, instance: InstanceRecord): Record<string, string> {
  const devices = dataVolumesOf(cloud.state.ec2, instance).map(({ attachment }) => attachment.device)
  return Object.fromEntries(
    devices.map((device, at) => [`block-device-mapping/ebs${at + 1}`, device.replace(/^\/dev\//, '')]),
  )
}

/** The listing of `public-keys/` is `0=NAME`, unlike any other. */
function publicKeys(instance: InstanceRecord): Record<string, string> {
  if (instance.publicKey === undefined) return {}
  return { 'public-keys/': `0=${instance.keyName}`, 'public-keys/0/openssh-key': `${instance.publicKey}\n` }
}

function networkTree(cloud: Cloud, instance: InstanceRecord): Record<string, string> {
  const { subnets, vpcs } = networkOf(cloud.state.ec2)
  const vpcCidr = vpcs[vpcOf(instance)]?.cidr ?? ''
  const base = `network/interfaces/macs/${macAddress(instance.privateIp)}`
  const groups = groupsOf(instance, cloud)
  return {
    [`${base}/device-number`]: '0',
    [`${base}/interface-id`]: instance.networkInterfaceId,
    ...(instance.publicIp ? { [`${base}/ipv4-associations/${instance.publicIp}`]: instance.privateIp } : {}),
    [`${base}/local-hostname`]: privateDnsName(instance.privateIp, cloud.region),
    [`${base}/local-ipv4s`]: instance.privateIp,
    [`${base}/mac`]: macAddress(instance.privateIp),
    [`${base}/network-card`]: '0',
    [`${base}/owner-id`]: cloud.accountId,
    ...(instance.publicIp ? { [`${base}/public-ipv4s`]: instance.publicIp } : {}),
    [`${base}/security-group-ids`]: groups.map((group) => group.GroupId).join('\n'),
    [`${base}/security-groups`]: groups.map((group) => group.GroupName).join('\n'),
    [`${base}/subnet-id`]: instance.subnetId,
    [`${base}/subnet-ipv4-cidr-block`]: subnets[instance.subnetId]?.cidr ?? '',
    [`${base}/vpc-id`]: vpcOf(instance),
    [`${base}/vpc-ipv4-cidr-block`]: vpcCidr,
    [`${base}/vpc-ipv4-cidr-blocks`]: vpcCidr,
  }
}

/** Only when the instance's options let tags be seen inside. Keys with a slash cannot be told, as on EC2. */
function tagTree(cloud: Cloud, instance: InstanceRecord): Record<string, string> {
  if (instance.metadata.tags !== 'enabled') return {}
  const tags = Object.entries(tagsOf(cloud.state.ec2, instance.id)).filter(([key]) => !key.includes('/'))
  return Object.fromEntries(tags.map(([key, value]) => [`tags/instance/${key}`, value]))
}

/**
 * There only while an interruption is coming.
 * Source: EC2 User Guide, "Spot Instance interruption notices" and "EC2 instance rebalance recommendations".
 */
function spotTree(cloud: Cloud, instance: InstanceRecord): Record<string, string> {
  const coming = interruptionOf(cloud, instance.id)
  if (!coming) return {}
  const time = isoSeconds(coming.at)
  return {
    'events/recommendations/rebalance': JSON.stringify({ noticeTime: isoSeconds(coming.noticed) }),
    'spot/instance-action': JSON.stringify({ action: coming.action, time }),
    ...(coming.action === 'terminate' ? { 'spot/termination-time': time } : {}),
  }
}

const isoSeconds = (date: Date) => `${date.toISOString().slice(0, 19)}Z`
