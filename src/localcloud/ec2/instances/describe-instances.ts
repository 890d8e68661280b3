import type { DescribeInstancesRequest, DescribeInstancesResult, Reservation } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { invalidCombination } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { type FilterTable, filterBy } from '../filters.js'
import { macAddress, privateDnsName } from '../network.js'
import { paginate } from '../pagination.js'
import { profileArn } from '../profiles/profiles.js'
import { lookUp, own } from '../resource-ids.js'
import type { Ec2State, InstanceRecord } from '../state.js'
import { tagsOf } from '../tags/tags.js'
import { volumesOf } from '../volumes/attachments.js'
import type { AttachmentRecord } from '../volumes/records.js'
import { statusOf } from '../volumes/views.js'
import { vpcOf } from '../vpc/records.js'
import { describeReservation, stateView } from './view.js'

export function requireInstances(state: Ec2State, ids: readonly string[]): InstanceRecord[] {
  return lookUp('instance', ids, (id) => own(state.instances, id))
}

/** Oldest first. A page may end in the middle of a reservation, which the next page then goes on with. */
export function describeInstances(input: DescribeInstancesRequest, cloud: Cloud): DescribeInstancesResult {
  const { ec2 } = cloud.state
  if (input.InstanceIds?.length && input.MaxResults !== undefined) {
    throw invalidCombination('The parameter instancesSet cannot be used with the parameter maxResults')
  }
  const matches = filterBy(input.Filters, instanceFilters(cloud), (instance) => tagsOf(ec2, instance.id))
  const asked = input.InstanceIds?.length ? requireInstances(ec2, input.InstanceIds) : Object.values(ec2.instances)
  endDryRun(input)
  const found = input.Filters?.length ? asked.filter(matches) : asked
  found.sort((a, b) => a.sequence - b.sequence)
  const { page, NextToken } = paginate(found, (instance) => instance.sequence, input)
  return { Reservations: byReservation(page, cloud), NextToken }
}

function byReservation(instances: readonly InstanceRecord[], cloud: Cloud): Reservation[] {
  const reservations = new Map<string, InstanceRecord[]>()
  for (const instance of instances) {
    const known = reservations.get(instance.reservationId)
    if (known) known.push(instance)
    else reservations.set(instance.reservationId, [instance])
  }
  return [...reservations.values()].map((members) => describeReservation(members, cloud))
}

/** Filters on places an instance is in: a terminated one is in none any more. */
function instanceFilters(cloud: Cloud): FilterTable<InstanceRecord> {
  const { securityGroups } = cloud.state.ec2
  const placed =
    <T>(value: (instance: InstanceRecord) => T) =>
    (instance: InstanceRecord) =>
      instance.state === 'terminated' ? undefined : value(instance)
  const mapped = (value: (attachment: AttachmentRecord) => string | undefined) =>
    placed((instance) => volumesOf(cloud.state.ec2, instance).map(({ attachment }) => value(attachment)))
  const groupIds = placed((instance) => instance.securityGroupIds)
  const groupNames = placed((instance) => instance.securityGroupIds.map((id) => securityGroups[id]?.name))
  const dnsName = placed((instance) => privateDnsName(instance.privateIp, cloud.region))
  return {
    'instance-id': (instance) => instance.id,
    'instance-state-name': (instance) => instance.state,
    'instance-state-code': (instance) => stateView(instance.state).Code,
    'instance-type': (instance) => instance.instanceType,
    'instance.group-id': groupIds,
    'instance.group-name': groupNames,
    'network-interface.group-id': groupIds,
    'network-interface.group-name': groupNames,
    'network-interface.network-interface-id': placed((instance) => instance.networkInterfaceId),
    'network-interface.mac-address': placed((instance) => macAddress(instance.privateIp)),
    'vpc-id': placed(vpcOf),
    'network-interface.vpc-id': placed(vpcOf),
    'subnet-id': placed((instance) => instance.subnetId),
    'network-interface.subnet-id': placed((instance) => instance.subnetId),
    'availability-zone': (instance) => instance.zone,
    'key-name': (instance) => instance.keyName,
    'image-id': (instance) => instance.imageId,
    'private-ip-address': placed((instance) => instance.privateIp),
    'network-interface.addresses.private-ip-address': placed((instance) => instance.privateIp),
    'ip-address': placed((instance) => instance.publicIp),
    'private-dns-name': dnsName,
    'dns-name': () => undefined,
    'reservation-id': (instance) => instance.reservationId,
    'owner-id': () => cloud.accountId,
    'client-token': (instance) => instance.clientToken,
    'launch-index': (instance) => instance.amiLaunchIndex,
    'launch-time': (instance) => instance.launchTime,
    'monitoring-state': (instance) => (instance.monitoring ? 'enabled' : 'disabled'),
    'root-device-type': () => 'ebs',
    'block-device-mapping.volume-id': placed((instance) => instance.volumeIds),
    'block-device-mapping.device-name': mapped(({ device }) => device),
    'block-device-mapping.status': mapped(statusOf),
    'block-device-mapping.attach-time': mapped(({ at }) => at),
    'block-device-mapping.delete-on-termination': mapped(({ deleteOnTermination }) => String(deleteOnTermination)),
    architecture: () => (process.arch === 'arm64' ? 'arm64' : 'x86_64'),
    'iam-instance-profile.arn': (instance) => instance.profile && profileArn(cloud, instance.profile.name),
    'iam-instance-profile.name': (instance) => instance.profile?.name,
    'instance-lifecycle': (instance) => (instance.spotRequestId ? 'spot' : undefined),
    'spot-instance-request-id': (instance) => instance.spotRequestId,
    tenancy: () => 'default',
    'placement-group-name': (instance) => instance.placementGroup,
    'placement-partition-number': (instance) => instance.partition,
    platform: () => undefined,
    'virtualization-type': () => 'hvm',
    hypervisor: () => 'xen',
    'state-reason-code': (instance) => instance.stateReason?.code,
    'metadata-options.http-tokens': (instance) => instance.metadata.tokens,
  }
}
