import type {
  AttachNetworkInterfaceRequest,
  CreateNetworkInterfaceRequest,
  CreateNetworkInterfaceResult,
  DeleteNetworkInterfaceRequest,
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult,
  DetachNetworkInterfaceRequest,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, missingParameter } from '../../protocol/aws-error.js'
import { checkToken } from '../client-token.js'
import { endDryRun } from '../dry-run.js'
import { type FilterTable, filterBy } from '../filters.js'
import { requireInstances } from '../instances/describe-instances.js'
import { checkPrivateIp, groupsIn } from '../instances/launch-network.js'
import { allocatePrivate, macAddress, privateDnsName } from '../network.js'
import { paginate } from '../pagination.js'
import { lookUp, lookUpOne, newId } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import { forgetTags, parseTagSpecification, putTags, tagsOf } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { allInterfaces, describeInterface, type Interface, interfaceById } from './interface-view.js'
import { type InterfaceRecord, networkOf } from './records.js'
import { requireSubnet } from './subnets.js'

export function createNetworkInterface(
  input: CreateNetworkInterfaceRequest,
  cloud: Cloud,
): CreateNetworkInterfaceResult {
  const { ec2 } = cloud.state
  refuseUnsupported(input)
  if (input.ClientToken) checkToken(input.ClientToken)
  const subnet = requireSubnet(ec2, input.SubnetId)
  const groupIds = groupsIn(subnet, input.Groups ?? [], ec2).map(({ id }) => id)
  const { PrivateIpAddress: wanted, Description: description = '' } = input
  if (wanted !== undefined) checkPrivateIp(wanted, subnet, ec2)
  const tags = parseTagSpecification(input.TagSpecifications, 'network-interface')
  endDryRun(input)
  const privateIp = wanted ?? (allocatePrivate(ec2, subnet, 1)[0] as string)
  const id = newId('eni')
  const record: InterfaceRecord = { id, subnetId: subnet.id, privateIp, groupIds, description, sourceDestCheck: true }
  networkOf(ec2).interfaces[id] = record
  putTags(ec2, id, tags)
  const made = interfaceById(ec2, id) as Interface
  return { NetworkInterface: describeInterface(cloud, made), ClientToken: input.ClientToken }
}

function refuseUnsupported(input: CreateNetworkInterfaceRequest): void {
  if (input.Ipv6AddressCount || input.Ipv6Addresses?.length) throw unsupported('IPv6 addresses')
  if (input.SecondaryPrivateIpAddressCount || input.PrivateIpAddresses?.length) {
    throw unsupported('more than one private address of an interface')
  }
  if (input.InterfaceType && `${input.InterfaceType}` !== 'interface')
    throw unsupported(`${input.InterfaceType} interfaces`)
}

/** @throws AwsError InvalidNetworkInterfaceID.NotFound */
export function requireAnyInterface(state: Ec2State, id: string | undefined): Interface {
  return lookUpOne('networkInterface', 'networkInterfaceId', id, (one) => interfaceById(state, one))
}

/** @throws AwsError InvalidParameterValue while an instance has it */
export function deleteNetworkInterface(input: DeleteNetworkInterfaceRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const { id, attached } = requireAnyInterface(ec2, input.NetworkInterfaceId)
  if (attached) throw new AwsError('InvalidParameterValue', `Network interface '${id}' is currently in use.`)
  endDryRun(input)
  delete networkOf(ec2).interfaces[id]
  forgetTags(ec2, id)
}

/** Machines have one network card, which their launch gives them. @throws AwsError AttachmentLimitExceeded, after all that can be wrong */
export function attachNetworkInterface(input: AttachNetworkInterfaceRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const one = requireAnyInterface(ec2, input.NetworkInterfaceId)
  const instance = requireInstances(ec2, [input.InstanceId ?? ''])[0]
  if (one.attached) throw new AwsError('InvalidNetworkInterface.InUse', `The network interface '${one.id}' is in use.`)
  if (instance?.zone !== one.zone) {
    throw invalidCombination(`You may not attach a network interface to an instance of another availability zone`)
  }
  throw unsupported('machines with a second network interface; a launch takes one as its first (NetworkInterfaces)')
}

/** @throws AwsError InvalidAttachmentID.NotFound, OperationNotPermitted: the first one stays */
export function detachNetworkInterface(input: DetachNetworkInterfaceRequest, cloud: Cloud): undefined {
  const id = input.AttachmentId
  if (!id) throw missingParameter('attachmentId')
  if (!allInterfaces(cloud.state.ec2).some(({ instance }) => instance?.attachmentId === id)) {
    throw new AwsError('InvalidAttachmentID.NotFound', `The attachment '${id}' does not exist`)
  }
  throw new AwsError('OperationNotPermitted', 'The network interface at device index 0 cannot be detached.')
}

export function describeNetworkInterfaces(
  input: DescribeNetworkInterfacesRequest,
  cloud: Cloud,
): DescribeNetworkInterfacesResult {
  const { ec2 } = cloud.state
  const ids = input.NetworkInterfaceIds
  const asked = ids?.length ? lookUp('networkInterface', ids, (id) => interfaceById(ec2, id)) : allInterfaces(ec2)
  const matches = filterBy<Interface>(input.Filters, filters(cloud), ({ id }) => tagsOf(ec2, id))
  endDryRun(input)
  const { page, NextToken } = paginate(asked.filter(matches), ({ id }) => id, input)
  return { NetworkInterfaces: page.map((one) => describeInterface(cloud, one)), NextToken }
}

function filters(cloud: Cloud): FilterTable<Interface> {
  const { securityGroups } = cloud.state.ec2
  const ofInstance =
    <T>(value: (instance: NonNullable<Interface['instance']>) => T) =>
    ({ instance }: Interface) =>
      instance && value(instance)
  const publicIp = ofInstance((instance) => instance.publicIp)
  return {
    'network-interface-id': ({ id }) => id,
    'vpc-id': ({ vpcId }) => vpcId,
    'subnet-id': ({ subnetId }) => subnetId,
    'availability-zone': ({ zone }) => zone,
    description: ({ description }) => description,
    'group-id': ({ groupIds }) => groupIds,
    'group-name': ({ groupIds }) => groupIds.map((id) => securityGroups[id]?.name),
    'interface-type': () => 'interface',
    'mac-address': ({ privateIp }) => macAddress(privateIp),
    'owner-id': () => cloud.accountId,
    'private-dns-name': ({ privateIp }) => privateDnsName(privateIp, cloud.region),
    'private-ip-address': ({ privateIp }) => privateIp,
    'addresses.private-ip-address': ({ privateIp }) => privateIp,
    'addresses.primary': () => true,
    'association.public-ip': publicIp,
    'addresses.association.public-ip': publicIp,
    'association.ip-owner-id': ofInstance((instance) => instance.publicIp && 'amazon'),
    'requester-managed': () => false,
    'source-dest-check': ({ sourceDestCheck }) => sourceDestCheck,
    status: ({ attached }) => (attached ? 'in-use' : 'available'),
    'attachment.instance-id': ofInstance((instance) => instance.id),
    'attachment.attachment-id': ofInstance((instance) => instance.attachmentId),
    'attachment.instance-owner-id': ofInstance(() => cloud.accountId),
    'attachment.device-index': ofInstance(() => 0),
    'attachment.status': ofInstance(() => 'attached'),
    'attachment.delete-on-termination': ({ attached }) => attached?.deleteOnTermination,
  }
}
