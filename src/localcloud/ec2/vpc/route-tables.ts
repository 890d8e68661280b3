import type {
  AssociateRouteTableRequest,
  AssociateRouteTableResult,
  CreateRouteTableRequest,
  CreateRouteTableResult,
  DeleteRouteTableRequest,
  DescribeRouteTablesRequest,
  DescribeRouteTablesResult,
  DisassociateRouteTableRequest,
  ReplaceRouteTableAssociationRequest,
  ReplaceRouteTableAssociationResult,
  Route,
  RouteTable,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { lookUp, lookUpOne, newId, own } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import { forgetTags, parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { networkOf, newRouteTable, type RouteTableRecord } from './records.js'
import { requireSubnet } from './subnets.js'
import { requireVpc } from './vpcs.js'

/** In a VPC. Source: VPC User Guide, "Amazon VPC quotas". */
const MOST = 200

export function requireRouteTable(state: Ec2State, id: string | undefined): RouteTableRecord {
  return lookUpOne('routeTable', 'routeTableId', id, (one) => own(networkOf(state).routeTables, one))
}

export function createRouteTable(input: CreateRouteTableRequest, cloud: Cloud): CreateRouteTableResult {
  const { ec2 } = cloud.state
  const vpc = requireVpc(ec2, input.VpcId)
  const tags = parseTagSpecification(input.TagSpecifications, 'route-table')
  const there = Object.values(networkOf(ec2).routeTables).filter(({ vpcId }) => vpcId === vpc.id)
  if (there.length >= MOST) {
    throw new AwsError(
      'RouteTableLimitExceeded',
      `The maximum number of route tables has been reached for '${vpc.id}'.`,
    )
  }
  endDryRun(input)
  const table = newRouteTable(ec2, vpc.id)
  putTags(ec2, table.id, tags)
  return { RouteTable: describeTable(cloud, table) }
}

/** @throws AwsError DependencyViolation while it is the main one or a subnet's */
export function deleteRouteTable(input: DeleteRouteTableRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const { id, associations } = requireRouteTable(ec2, input.RouteTableId)
  if (associations.length > 0) {
    throw new AwsError('DependencyViolation', `The routeTable '${id}' has dependencies and cannot be deleted.`)
  }
  endDryRun(input)
  delete networkOf(ec2).routeTables[id]
  forgetTags(ec2, id)
}

/** The same association again is no error. @throws AwsError Resource.AlreadyAssociated when the subnet has another table */
export function associateRouteTable(input: AssociateRouteTableRequest, cloud: Cloud): AssociateRouteTableResult {
  const { ec2 } = cloud.state
  if (input.GatewayId) throw unsupported('route tables of gateways')
  const table = requireRouteTable(ec2, input.RouteTableId)
  const subnet = requireSubnet(ec2, input.SubnetId)
  if (subnet.vpcId !== table.vpcId) {
    throw invalidValue(
      subnet.id,
      'subnetId',
      `Route table ${table.id} and network ${subnet.vpcId} belong to different networks.`,
    )
  }
  const known = findAssociation(ec2, ({ subnetId }) => subnetId === subnet.id)
  if (known && known.table !== table) {
    const message = `the specified association for route table ${table.id} conflicts with an existing association`
    throw new AwsError('Resource.AlreadyAssociated', message)
  }
  endDryRun(input)
  const association = known?.association ?? { id: newId('rtbassoc'), subnetId: subnet.id }
  if (!known) table.associations.push(association)
  return { AssociationId: association.id, AssociationState: { State: 'associated' } }
}

/** The subnet falls back to the main table. */
export function disassociateRouteTable(input: DisassociateRouteTableRequest, cloud: Cloud): undefined {
  const { table, association } = requireAssociation(cloud.state.ec2, input.AssociationId)
  if (association.subnetId === 'main') {
    throw invalidValue(association.id, 'associationId', `cannot disassociate the main route table association`)
  }
  endDryRun(input)
  table.associations = table.associations.filter((one) => one !== association)
}

/** Gives a subnet another table, or the VPC another main one; the association gets a new id, as on EC2. */
export function replaceRouteTableAssociation(
  input: ReplaceRouteTableAssociationRequest,
  cloud: Cloud,
): ReplaceRouteTableAssociationResult {
  const { ec2 } = cloud.state
  const { table: before, association } = requireAssociation(ec2, input.AssociationId)
  const table = requireRouteTable(ec2, input.RouteTableId)
  if (table.vpcId !== before.vpcId) {
    throw invalidValue(
      table.id,
      'routeTableId',
      `Route table ${table.id} and network ${before.vpcId} belong to different networks.`,
    )
  }
  endDryRun(input)
  before.associations = before.associations.filter((one) => one !== association)
  const replaced = { id: newId('rtbassoc'), subnetId: association.subnetId }
  table.associations.push(replaced)
  return { NewAssociationId: replaced.id, AssociationState: { State: 'associated' } }
}

type Association = RouteTableRecord['associations'][number]

function findAssociation(state: Ec2State, matches: (association: Association) => boolean) {
  for (const table of Object.values(networkOf(state).routeTables)) {
    const association = table.associations.find(matches)
    if (association) return { table, association }
  }
  return undefined
}

function requireAssociation(state: Ec2State, id: string | undefined) {
  if (!id) throw missingParameter('associationId')
  const found = findAssociation(state, (association) => association.id === id)
  if (found) return found
  throw new AwsError('InvalidAssociationID.NotFound', `The association ID '${id}' does not exist`)
}

export function describeRouteTables(input: DescribeRouteTablesRequest, cloud: Cloud): DescribeRouteTablesResult {
  const { ec2 } = cloud.state
  const { routeTables } = networkOf(ec2)
  const ids = input.RouteTableIds
  const asked = ids?.length ? lookUp('routeTable', ids, (id) => own(routeTables, id)) : Object.values(routeTables)
  const ofRoutes = (value: (route: Route) => string | undefined) => (table: RouteTableRecord) =>
    routesOf(ec2, table).map(value)
  const matches = filterBy<RouteTableRecord>(
    input.Filters,
    {
      'route-table-id': ({ id }) => id,
      'vpc-id': ({ vpcId }) => vpcId,
      'owner-id': () => cloud.accountId,
      'association.route-table-association-id': ({ associations }) => associations.map(({ id }) => id),
      'association.route-table-id': ({ id, associations }) => (associations.length > 0 ? id : undefined),
      'association.subnet-id': ({ associations }) =>
        associations.map(({ subnetId }) => (subnetId === 'main' ? undefined : subnetId)),
      'association.main': ({ associations }) => associations.map(({ subnetId }) => String(subnetId === 'main')),
      'route.destination-cidr-block': ofRoutes((route) => route.DestinationCidrBlock),
      'route.gateway-id': ofRoutes((route) => route.GatewayId),
      'route.origin': ofRoutes((route) => route.Origin),
      'route.state': ofRoutes((route) => route.State),
    },
    ({ id }) => tagsOf(ec2, id),
  )
  endDryRun(input)
  const found = asked.filter(matches).sort((a, b) => (a.id < b.id ? -1 : 1))
  const { page, NextToken } = paginate(found, ({ id }) => id, input, { min: 5, max: 100 })
  return { RouteTables: page.map((table) => describeTable(cloud, table)), NextToken }
}

function describeTable(cloud: Cloud, table: RouteTableRecord): RouteTable {
  return {
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: cloud.accountId,
    Associations: table.associations.map(({ id, subnetId }) => ({
      RouteTableAssociationId: id,
      RouteTableId: table.id,
      Main: subnetId === 'main',
      ...(subnetId === 'main' ? {} : { SubnetId: subnetId }),
      AssociationState: { State: 'associated' },
    })),
    PropagatingVgws: [],
    Routes: routesOf(cloud.state.ec2, table),
    Tags: tagList(cloud.state.ec2, table.id),
  }
}

/** The way to the VPC itself first. A route to a gateway that is not there any more leads nowhere. */
function routesOf(state: Ec2State, { vpcId, routes }: RouteTableRecord): Route[] {
  const { vpcs, gateways } = networkOf(state)
  const local: Route = {
    DestinationCidrBlock: vpcs[vpcId]?.cidr,
    GatewayId: 'local',
    Origin: 'CreateRouteTable',
    State: 'active',
  }
  return [
    local,
    ...routes.map(
      ({ cidr, gatewayId }): Route => ({
        DestinationCidrBlock: cidr,
        GatewayId: gatewayId,
        Origin: 'CreateRoute',
        State: gateways[gatewayId]?.vpcId === vpcId ? 'active' : 'blackhole',
      }),
    ),
  ]
}
