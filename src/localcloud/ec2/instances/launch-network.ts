import { isIPv4 } from 'node:net'
import type { InstanceNetworkInterfaceSpecification, RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue } from '../../protocol/aws-error.js'
import {
  DEFAULT_GROUP_ID,
  SUBNETS,
  type SubnetDescription,
  subnetById,
  subnetOfZone,
  toNumber,
  usedPrivateAddresses,
} from '../network.js'
import { lookUp } from '../resource-ids.js'
import { groupsById, groupsByName } from '../security-groups/find.js'
import type { SecurityGroupRecord } from '../state.js'
import { unsupported } from '../unsupported.js'

export interface LaunchNetwork {
  readonly subnet: SubnetDescription
  readonly securityGroups: readonly SecurityGroupRecord[]
  /** Asked for by the request. */
  readonly privateIp: string | undefined
}

/** Where the instances go: subnet, zone and groups, given at the instance or at its first network interface. */
export function parseNetwork(input: RunInstancesRequest, cloud: Cloud, count: number): LaunchNetwork {
  const card = networkInterface(input)
  const { ec2 } = cloud.state
  const subnet = parseSubnet(card?.SubnetId ?? input.SubnetId, input)
  const ids = card?.Groups ?? input.SecurityGroupIds ?? []
  const names = input.SecurityGroups ?? []
  if (names.length > 0 && (input.SubnetId !== undefined || card)) {
    throw invalidCombination('The parameter groupName cannot be used with the parameter subnet')
  }
  const asked = [...new Set([...groupsById(ec2, ids), ...groupsByName(ec2, names)])]
  const securityGroups = asked.length > 0 ? asked : groupsById(ec2, [DEFAULT_GROUP_ID])
  const privateIp = card?.PrivateIpAddress ?? input.PrivateIpAddress
  if (privateIp !== undefined) checkPrivateIp(privateIp, subnet, cloud, count)
  return { subnet, securityGroups, privateIp }
}

/** One interface, number 0, made with the instance: more than that no instance of this cloud has. */
function networkInterface(input: RunInstancesRequest): InstanceNetworkInterfaceSpecification | undefined {
  const [card, second] = input.NetworkInterfaces ?? []
  if (!card) return undefined
  if (second) throw unsupported('more than one network interface')
  if (card.NetworkInterfaceId !== undefined) throw unsupported('network interfaces made beforehand')
  if ((card.DeviceIndex ?? 0) !== 0)
    throw invalidValue(card.DeviceIndex, 'NetworkInterface.1.DeviceIndex', 'It must be 0.')
  if (card.AssociatePublicIpAddress === false) throw unsupported('instances without a public address')
  if (input.SubnetId !== undefined || input.SecurityGroupIds?.length || input.SecurityGroups?.length) {
    const what = input.SubnetId === undefined ? 'security groups' : 'subnet ID'
    throw invalidCombination(
      `Network interfaces and an instance-level ${what} may not be specified on the same request`,
    )
  }
  return card
}

function parseSubnet(id: string | undefined, input: RunInstancesRequest): SubnetDescription {
  const zone = input.Placement?.AvailabilityZone
  const byZone = zone ? subnetOfZone(zone) : undefined
  if (zone && !byZone) throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${zone}]`)
  if (id === undefined) return byZone ?? (SUBNETS[0] as SubnetDescription)
  const subnet = lookUp('subnet', [id], subnetById)[0] as SubnetDescription
  if (byZone && byZone !== subnet) {
    throw invalidCombination(`The subnet ${id} is in the availability zone ${subnet.zone}, not in ${zone}`)
  }
  return subnet
}

function checkPrivateIp(address: string, subnet: SubnetDescription, cloud: Cloud, count: number): void {
  if (count > 1) throw invalidCombination('A private IP address may be specified for one instance only')
  const host = isIPv4(address) ? toNumber(address) - subnet.base : -1
  if (host < 4 || host > subnet.size - 2) {
    throw invalidValue(address, 'privateIpAddress', 'It must be a free address inside the subnet.')
  }
  if (usedPrivateAddresses(cloud.state.ec2).has(address)) {
    throw new AwsError('InvalidIPAddress.InUse', `The address '${address}' is in use.`)
  }
}
