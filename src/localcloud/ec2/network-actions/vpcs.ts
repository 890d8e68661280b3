import type {
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DescribeVpcsRequest,
  DescribeVpcsResult,
  Subnet,
  Vpc,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import {
  DHCP_OPTIONS_ID,
  freeAddresses,
  SUBNETS,
  type SubnetDescription,
  subnetById,
  VPC_CIDR,
  VPC_ID,
} from '../network.js'
import { paginate } from '../pagination.js'
import { lookUp } from '../resource-ids.js'
import { tagList, tagsOf } from '../tags/tags.js'

export function describeVpcs(input: DescribeVpcsRequest, cloud: Cloud): DescribeVpcsResult {
  const { ec2 } = cloud.state
  lookUp('vpc', input.VpcIds ?? [], (id) => (id === VPC_ID ? id : undefined))
  const matches = filterBy<Vpc>(
    input.Filters,
    {
      'vpc-id': (vpc) => vpc.VpcId,
      cidr: (vpc) => vpc.CidrBlock,
      'cidr-block-association.cidr-block': (vpc) => vpc.CidrBlock,
      'dhcp-options-id': (vpc) => vpc.DhcpOptionsId,
      'is-default': () => true,
      isDefault: () => true,
      'owner-id': (vpc) => vpc.OwnerId,
      state: (vpc) => vpc.State,
    },
    () => tagsOf(ec2, VPC_ID),
  )
  endDryRun(input)
  const vpc: Vpc = {
    VpcId: VPC_ID,
    CidrBlock: VPC_CIDR,
    CidrBlockAssociationSet: [
      {
        AssociationId: VPC_ID.replace('vpc', 'vpc-cidr-assoc'),
        CidrBlock: VPC_CIDR,
        CidrBlockState: { State: 'associated' },
      },
    ],
    DhcpOptionsId: DHCP_OPTIONS_ID,
    InstanceTenancy: 'default',
    IsDefault: true,
    OwnerId: cloud.accountId,
    State: 'available',
    Tags: tagList(ec2, VPC_ID),
  }
  const { page, NextToken } = paginate([vpc].filter(matches), () => VPC_ID, input)
  return { Vpcs: [...page], NextToken }
}

export function describeSubnets(input: DescribeSubnetsRequest, cloud: Cloud): DescribeSubnetsResult {
  const { ec2 } = cloud.state
  const asked = input.SubnetIds?.length ? lookUp('subnet', input.SubnetIds, subnetById) : SUBNETS
  const matches = filterBy<SubnetDescription>(
    input.Filters,
    {
      'subnet-id': (subnet) => subnet.id,
      'vpc-id': () => VPC_ID,
      'availability-zone': (subnet) => subnet.zone,
      availabilityZone: (subnet) => subnet.zone,
      'availability-zone-id': (subnet) => subnet.zoneId,
      'cidr-block': (subnet) => subnet.cidr,
      cidr: (subnet) => subnet.cidr,
      'available-ip-address-count': (subnet) => freeAddresses(ec2, subnet),
      'default-for-az': () => true,
      defaultForAz: () => true,
      'map-public-ip-on-launch': () => true,
      'owner-id': () => cloud.accountId,
      state: () => 'available',
    },
    (subnet) => tagsOf(ec2, subnet.id),
  )
  endDryRun(input)
  const { page, NextToken } = paginate(asked.filter(matches), (subnet) => subnet.id, input)
  return { Subnets: page.map((subnet) => describeSubnet(cloud, subnet)), NextToken }
}

function describeSubnet(cloud: Cloud, subnet: SubnetDescription): Subnet {
  return {
    SubnetId: subnet.id,
    SubnetArn: `arn:aws:ec2:${cloud.region}:${cloud.accountId}:subnet/${subnet.id}`,
    VpcId: VPC_ID,
    OwnerId: cloud.accountId,
    State: 'available',
    CidrBlock: subnet.cidr,
    AvailableIpAddressCount: freeAddresses(cloud.state.ec2, subnet),
    AvailabilityZone: subnet.zone,
    AvailabilityZoneId: subnet.zoneId,
    DefaultForAz: true,
    MapPublicIpOnLaunch: true,
    AssignIpv6AddressOnCreation: false,
    Tags: tagList(cloud.state.ec2, subnet.id),
  }
}
