import { isIPv4 } from 'node:net'
import type { InstanceNetworkInterfaceSpecification, RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue } from '../../protocol/aws-error.js'
import { RESERVED, usedPrivateAddresses } from '../network.js'
import { defaultGroupOf, groupsById, groupsByName } from '../security-groups/find.js'
import type { Ec2State, SecurityGroupRecord } from '../state.js'
import { unsupported } from '../unsupported.js'
import { holds, rangeOf, toNumber } from '../vpc/cidr.js'
import { requireInterface } from '../vpc/find-interface.js'
import { type InterfaceRecord, networkOf, type SubnetRecord } from '../vpc/records.js'
import { requireSubnet } from '../vpc/subnets.js'
import { VPC_CIDR, zoneByName } from '../vpc/zones.js'

export interface LaunchNetwork {
  readonly subnet: SubnetRecord
  readonly securityGroups: readonly SecurityGroupRecord[]
  /** Asked for by the request. */
  readonly privateIp: string | undefined
  /** Whether each instance gets a public address. */
  readonly publicIp: boolean
  /** A network interface that exists already and becomes the instance's. */
  readonly madeInterface?: { readonly record: InterfaceRecord; readonly deleteOnTermination: boolean }
}

/** Where the instances go: subnet, zone and groups, given at the instance or at its first network interface. */
export function parseNetwork(input: RunInstancesRequest, cloud: Cloud, count: number): LaunchNetwork {
  const card = networkInterface(input)
  if (card?.NetworkInterfaceId !== undefined) return withMadeInterface(card, input, cloud, count)
  const { ec2 } = cloud.state
  const subnet = parseSubnet(card?.SubnetId ?? input.SubnetId, input, ec2)
  const names = input.SecurityGroups ?? []
  if (names.length > 0 && (input.SubnetId !== undefined || card)) {
    throw invalidCombination('The parameter groupName cannot be used with the parameter subnet')
  }
  const named = groupsByName(ec2, names)
  const securityGroups = groupsIn(subnet, card?.Groups ?? input.SecurityGroupIds ?? [], ec2, named)
  const privateIp = card?.PrivateIpAddress ?? input.PrivateIpAddress
  if (privateIp !== undefined) checkPrivateIp(privateIp, subnet, ec2, count)
  const publicIp = card?.AssociatePublicIpAddress ?? subnet.mapPublicIp
  return { subnet, securityGroups, privateIp, publicIp }
}

/** One interface, number 0: more than that no instance of this cloud has. */
function networkInterface(input: RunInstancesRequest): InstanceNetworkInterfaceSpecification | undefined {
  const [card, second] = input.NetworkInterfaces ?? []
  if (!card) return undefined
  if (second) throw unsupported('more than one network interface')
  if ((card.DeviceIndex ?? 0) !== 0)
    throw invalidValue(card.DeviceIndex, 'NetworkInterface.1.DeviceIndex', 'It must be 0.')
  if (input.SubnetId !== undefined || input.SecurityGroupIds?.length || input.SecurityGroups?.length) {
    const what = input.SubnetId === undefined ? 'security groups' : 'subnet ID'
    throw invalidCombination(
      `Network interfaces and an instance-level ${what} may not be specified on the same request`,
    )
  }
  return card
}

function withMadeInterface(
  card: InstanceNetworkInterfaceSpecification,
  input: RunInstancesRequest,
  { state: { ec2 } }: Cloud,
  count: number,
): LaunchNetwork {
  const record = requireInterface(ec2, card.NetworkInterfaceId)
  if (count > 1) throw invalidCombination('A network interface may be specified for one instance only')
  if (card.SubnetId || card.Groups?.length || card.PrivateIpAddress || card.AssociatePublicIpAddress !== undefined) {
    throw invalidCombination('A network interface that exists may not be given a subnet, groups or addresses')
  }
  if (record.attached) {
    throw new AwsError('InvalidNetworkInterface.InUse', `The network interface '${record.id}' is in use.`)
  }
  const subnet = parseSubnet(record.subnetId, input, ec2)
  return {
    subnet,
    securityGroups: groupsById(ec2, record.groupIds),
    privateIp: record.privateIp,
    publicIp: subnet.mapPublicIp,
    madeInterface: { record, deleteOnTermination: card.DeleteOnTermination ?? false },
  }
}

function parseSubnet(id: string | undefined, input: RunInstancesRequest, state: Ec2State): SubnetRecord {
  const name = input.Placement?.AvailabilityZone
  const zone = name ? zoneByName(name) : undefined
  if (name && !zone) throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${name}]`)
  if (id === undefined) return defaultSubnet(state, name)
  const subnet = requireSubnet(state, id)
  if (zone && zone.name !== subnet.zone) {
    throw invalidCombination(`The subnet ${id} is in the availability zone ${subnet.zone}, not in ${name}`)
  }
  if (!holds(rangeOf(VPC_CIDR), rangeOf(subnet.cidr))) {
    throw unsupported(`machines with addresses of ${subnet.cidr}: subnets inside ${VPC_CIDR} can have some`)
  }
  return subnet
}

/** Of the zone asked for, else of the first there is. */
function defaultSubnet(state: Ec2State, zone: string | undefined): SubnetRecord {
  const subnets = Object.values(networkOf(state).subnets).filter(({ defaultForZone }) => defaultForZone)
  const subnet = subnets.find((one) => zone === undefined || one.zone === zone)
  if (subnet) return subnet
  const where = zone === undefined ? '' : ` in the availability zone ${zone}`
  throw new AwsError('MissingInput', `No default subnet was found${where}. Please specify a subnet.`)
}

/** Those of these ids and those of `named`; none at all: the default one of the VPC. @throws AwsError InvalidParameter for one of another VPC */
export function groupsIn(
  subnet: SubnetRecord,
  ids: readonly string[],
  state: Ec2State,
  named: readonly SecurityGroupRecord[] = [],
): SecurityGroupRecord[] {
  const asked = [...new Set([...groupsById(state, ids), ...named])]
  const stranger = asked.find(({ vpcId }) => vpcId !== subnet.vpcId)
  if (stranger) {
    const message = `Security group ${stranger.id} and subnet ${subnet.id} belong to different networks.`
    throw new AwsError('InvalidParameter', message)
  }
  return asked.length > 0 ? asked : [defaultGroupOf(state, subnet.vpcId)]
}

/** @throws AwsError InvalidParameterValue, InvalidIPAddress.InUse */
export function checkPrivateIp(address: string, { cidr }: SubnetRecord, state: Ec2State, count = 1): void {
  if (count > 1) throw invalidCombination('A private IP address may be specified for one instance only')
  const { base, size } = rangeOf(cidr)
  const host = isIPv4(address) ? toNumber(address) - base : -1
  if (host < RESERVED.first || host >= size - RESERVED.last) {
    throw invalidValue(address, 'privateIpAddress', 'It must be a free address inside the subnet.')
  }
  if (usedPrivateAddresses(state).has(address)) {
    throw new AwsError('InvalidIPAddress.InUse', `The address '${address}' is in use.`)
  }
}
