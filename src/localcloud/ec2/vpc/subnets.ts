import type {
  CreateSubnetRequest,
  CreateSubnetResult,
  DeleteSubnetRequest,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  ModifySubnetAttributeRequest,
  Subnet,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { freeAddresses, RESERVED } from '../network.js'
import { paginate } from '../pagination.js'
import { lookUp, lookUpOne, newId, own } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import { forgetTags, parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { holds, overlap, rangeOf } from './cidr.js'
import { networkOf, type SubnetRecord } from './records.js'
import { requireCidr } from './require-cidr.js'
import { checkSize, requireVpc } from './vpcs.js'
import { ZONES, type Zone, zoneIdOf } from './zones.js'

/** In a VPC. Source: VPC User Guide, "Amazon VPC quotas". */
const MOST = 200

export function requireSubnet(state: Ec2State, id: string | undefined): SubnetRecord {
  return lookUpOne('subnet', 'subnetId', id, (one) => own(networkOf(state).subnets, one))
}

/** @throws AwsError InvalidSubnet.Range, InvalidSubnet.Conflict, SubnetLimitExceeded */
export function createSubnet(input: CreateSubnetRequest, cloud: Cloud): CreateSubnetResult {
  const { ec2 } = cloud.state
  if (input.Ipv6CidrBlock || input.Ipv6Native) throw unsupported('IPv6 addresses')
  if (input.OutpostArn) throw unsupported('Outposts')
  const vpc = requireVpc(ec2, input.VpcId)
  const range = requireCidr(input.CidrBlock)
  checkSize(range, 'InvalidSubnet.Range')
  if (!holds(rangeOf(vpc.cidr), range)) {
    throw new AwsError('InvalidSubnet.Range', `The CIDR '${range.cidr}' is invalid.`)
  }
  const zone = parseZone(input)
  const tags = parseTagSpecification(input.TagSpecifications, 'subnet')
  const neighbours = Object.values(networkOf(ec2).subnets).filter(({ vpcId }) => vpcId === vpc.id)
  if (neighbours.some(({ cidr }) => overlap(rangeOf(cidr), range))) {
    throw new AwsError('InvalidSubnet.Conflict', `The CIDR '${range.cidr}' conflicts with another subnet`)
  }
  if (neighbours.length >= MOST) {
    throw new AwsError('SubnetLimitExceeded', `The maximum number of subnets has been reached for '${vpc.id}'.`)
  }
  endDryRun(input)
  const subnet: SubnetRecord = {
    id: newId('subnet'),
    vpcId: vpc.id,
    zone: zone.name,
    cidr: range.cidr,
    defaultForZone: false,
    mapPublicIp: false,
  }
  networkOf(ec2).subnets[subnet.id] = subnet
  putTags(ec2, subnet.id, tags)
  return { Subnet: describeSubnet(cloud, subnet) }
}

function parseZone({ AvailabilityZone: name, AvailabilityZoneId: id }: CreateSubnetRequest): Zone {
  const zone = ZONES.find((one) => (name === undefined || one.name === name) && (id === undefined || one.id === id))
  if (zone) return zone
  const names = ZONES.map((one) => one.name).join(', ')
  throw invalidValue(name ?? id, 'availabilityZone', `Subnets can currently only be created in: ${names}.`)
}

/** @throws AwsError DependencyViolation while an instance or a network interface is in it */
export function deleteSubnet(input: DeleteSubnetRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const subnet = requireSubnet(ec2, input.SubnetId)
  if (freeAddresses(ec2, subnet) < rangeOf(subnet.cidr).size - RESERVED.first - RESERVED.last) {
    throw new AwsError('DependencyViolation', `The subnet '${subnet.id}' has dependencies and cannot be deleted.`)
  }
  endDryRun(input)
  const { subnets, routeTables } = networkOf(ec2)
  delete subnets[subnet.id]
  delete ec2.addressCursors[subnet.id]
  for (const table of Object.values(routeTables)) {
    table.associations = table.associations.filter(({ subnetId }) => subnetId !== subnet.id)
  }
  forgetTags(ec2, subnet.id)
}

/** One attribute a request, as EC2 has it: whether instances get public addresses. */
export function modifySubnetAttribute(input: ModifySubnetAttributeRequest, cloud: Cloud): undefined {
  const subnet = requireSubnet(cloud.state.ec2, input.SubnetId)
  const { SubnetId: _id, MapPublicIpOnLaunch: map, ...others } = input
  const other = Object.entries(others).find(([, value]) => value !== undefined)?.[0]
  if (map && other) throw invalidCombination('Multiple attributes cannot be modified in one request')
  if (other) throw unsupported(`the attribute ${other} of subnets`)
  if (map?.Value === undefined) throw missingParameter('mapPublicIpOnLaunch')
  subnet.mapPublicIp = map.Value
}

export function describeSubnets(input: DescribeSubnetsRequest, cloud: Cloud): DescribeSubnetsResult {
  const { ec2 } = cloud.state
  const { subnets } = networkOf(ec2)
  const ids = input.SubnetIds
  const asked = ids?.length ? lookUp('subnet', ids, (id) => own(subnets, id)) : Object.values(subnets)
  const matches = filterBy<SubnetRecord>(
    input.Filters,
    {
      'subnet-id': ({ id }) => id,
      'vpc-id': ({ vpcId }) => vpcId,
      'availability-zone': ({ zone }) => zone,
      availabilityZone: ({ zone }) => zone,
      'availability-zone-id': ({ zone }) => zoneIdOf(zone),
      'cidr-block': ({ cidr }) => cidr,
      cidr: ({ cidr }) => cidr,
      'available-ip-address-count': (subnet) => freeAddresses(ec2, subnet),
      'default-for-az': ({ defaultForZone }) => defaultForZone,
      defaultForAz: ({ defaultForZone }) => defaultForZone,
      'map-public-ip-on-launch': ({ mapPublicIp }) => mapPublicIp,
      'owner-id': () => cloud.accountId,
      state: () => 'available',
    },
    ({ id }) => tagsOf(ec2, id),
  )
  endDryRun(input)
  const found = asked.filter(matches).sort((a, b) => (a.id < b.id ? -1 : 1))
  const { page, NextToken } = paginate(found, ({ id }) => id, input)
  return { Subnets: page.map((subnet) => describeSubnet(cloud, subnet)), NextToken }
}

function describeSubnet(cloud: Cloud, subnet: SubnetRecord): Subnet {
  return {
    SubnetId: subnet.id,
    SubnetArn: `arn:aws:ec2:${cloud.region}:${cloud.accountId}:subnet/${subnet.id}`,
    VpcId: subnet.vpcId,
    OwnerId: cloud.accountId,
    State: 'available',
    CidrBlock: subnet.cidr,
    AvailableIpAddressCount: freeAddresses(cloud.state.ec2, subnet),
    AvailabilityZone: subnet.zone,
    AvailabilityZoneId: zoneIdOf(subnet.zone),
    DefaultForAz: subnet.defaultForZone,
    MapPublicIpOnLaunch: subnet.mapPublicIp,
    AssignIpv6AddressOnCreation: false,
    Tags: tagList(cloud.state.ec2, subnet.id),
  }
}
