import type {
  CreateVpcRequest,
  CreateVpcResult,
  DeleteVpcRequest,
  DescribeVpcsRequest,
  DescribeVpcsResult,
  Vpc,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { lookUp, lookUpOne, newId, own } from '../resource-ids.js'
import { defaultGroup, type Ec2State } from '../state.js'
import { forgetTags, parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { prefixLength, type Range } from './cidr.js'
import { networkOf, newRouteTable, type VpcRecord } from './records.js'
import { requireCidr } from './require-cidr.js'
import { DHCP_OPTIONS_ID } from './zones.js'

/** Source: VPC User Guide, "Amazon VPC quotas". */
const MOST = 5

export function requireVpc(state: Ec2State, id: string | undefined): VpcRecord {
  return lookUpOne('vpc', 'vpcId', id, (one) => own(networkOf(state).vpcs, one))
}

/** With a main route table and a default security group, as every VPC. */
export function createVpc(input: CreateVpcRequest, cloud: Cloud): CreateVpcResult {
  const { ec2 } = cloud.state
  if (input.AmazonProvidedIpv6CidrBlock || input.Ipv6CidrBlock) throw unsupported('IPv6 addresses')
  if (input.InstanceTenancy && input.InstanceTenancy !== 'default') throw unsupported('dedicated hosts')
  if (input.Ipv4IpamPoolId) throw unsupported('IP address management (IPAM)')
  const range = requireCidr(input.CidrBlock)
  checkSize(range, 'InvalidVpc.Range')
  const tags = parseTagSpecification(input.TagSpecifications, 'vpc')
  const { vpcs } = networkOf(ec2)
  if (Object.keys(vpcs).length >= MOST)
    throw new AwsError('VpcLimitExceeded', 'The maximum number of VPCs has been reached.')
  endDryRun(input)
  const vpc: VpcRecord = { id: newId('vpc'), cidr: range.cidr, isDefault: false }
  vpcs[vpc.id] = vpc
  newRouteTable(ec2, vpc.id).associations.push({ id: newId('rtbassoc'), subnetId: 'main' })
  const group = defaultGroup(newId('sg'), vpc.id, [newId('sgr'), newId('sgr')])
  ec2.securityGroups[group.id] = group
  putTags(ec2, vpc.id, tags)
  return { Vpc: { ...describeVpc(cloud, vpc), State: 'pending' } }
}

/** @throws AwsError with this code when it is not between /16 and /28 */
export function checkSize(range: Range, code: string): void {
  const length = prefixLength(range)
  if (length < 16 || length > 28) throw new AwsError(code, `The CIDR '${range.cidr}' is invalid.`)
}

/** What came with it goes with it. @throws AwsError DependencyViolation while anything else is in it */
export function deleteVpc(input: DeleteVpcRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const vpc = requireVpc(ec2, input.VpcId)
  const { vpcs, subnets, gateways, routeTables } = networkOf(ec2)
  const inside = <T extends { vpcId?: string }>(records: Readonly<Record<string, T>>) =>
    Object.values(records).filter(({ vpcId }) => vpcId === vpc.id)
  const groups = inside(ec2.securityGroups)
  const tables = inside(routeTables)
  const isMain = (table: (typeof tables)[number]) => table.associations.some(({ subnetId }) => subnetId === 'main')
  const others = [
    ...inside(subnets),
    ...inside(gateways),
    ...groups.filter(({ name }) => name !== 'default'),
    ...tables.filter((table) => !isMain(table)),
  ]
  if (others.length > 0) {
    throw new AwsError('DependencyViolation', `The vpc '${vpc.id}' has dependencies and cannot be deleted.`)
  }
  endDryRun(input)
  delete vpcs[vpc.id]
  for (const table of tables) delete routeTables[table.id]
  for (const group of groups) delete ec2.securityGroups[group.id]
  for (const { id } of [vpc, ...tables, ...groups]) forgetTags(ec2, id)
}

export function describeVpcs(input: DescribeVpcsRequest, cloud: Cloud): DescribeVpcsResult {
  const { ec2 } = cloud.state
  const { vpcs } = networkOf(ec2)
  const asked = input.VpcIds?.length ? lookUp('vpc', input.VpcIds, (id) => own(vpcs, id)) : Object.values(vpcs)
  const matches = filterBy<VpcRecord>(
    input.Filters,
    {
      'vpc-id': ({ id }) => id,
      cidr: ({ cidr }) => cidr,
      'cidr-block-association.cidr-block': ({ cidr }) => cidr,
      'dhcp-options-id': () => DHCP_OPTIONS_ID,
      'is-default': ({ isDefault }) => isDefault,
      isDefault: ({ isDefault }) => isDefault,
      'owner-id': () => cloud.accountId,
      state: () => 'available',
    },
    ({ id }) => tagsOf(ec2, id),
  )
  endDryRun(input)
  const found = asked.filter(matches).sort((a, b) => (a.id < b.id ? -1 : 1))
  const { page, NextToken } = paginate(found, ({ id }) => id, input)
  return { Vpcs: page.map((vpc) => describeVpc(cloud, vpc)), NextToken }
}

function describeVpc(cloud: Cloud, { id, cidr, isDefault }: VpcRecord): Vpc {
  return {
    VpcId: id,
    CidrBlock: cidr,
    CidrBlockAssociationSet: [
      {
        AssociationId: id.replace('vpc', 'vpc-cidr-assoc'),
        CidrBlock: cidr,
        CidrBlockState: { State: 'associated' },
      },
    ],
    DhcpOptionsId: DHCP_OPTIONS_ID,
    InstanceTenancy: 'default',
    IsDefault: isDefault,
    OwnerId: cloud.accountId,
    State: 'available',
    Tags: tagList(cloud.state.ec2, id),
  }
}
