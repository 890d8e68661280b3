import type {
  CreateRouteRequest,
  CreateRouteResult,
  DeleteRouteRequest,
  ReplaceRouteRequest,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { isId } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import { unsupported } from '../unsupported.js'
import { holds, rangeOf } from './cidr.js'
import { networkOf, type RouteTableRecord } from './records.js'
import { requireCidr } from './require-cidr.js'
import { requireRouteTable } from './route-tables.js'

export function createRoute(input: CreateRouteRequest, cloud: Cloud): CreateRouteResult {
  const { ec2 } = cloud.state
  const table = requireRouteTable(ec2, input.RouteTableId)
  const cidr = destination(input)
  const gatewayId = target(input, table, ec2)
  if (holds(rangeOf(networkOf(ec2).vpcs[table.vpcId]?.cidr ?? ''), rangeOf(cidr))) {
    const message = "The destination CIDR block is equal to or more specific than one of this VPC's CIDR blocks."
    throw invalidValue(cidr, 'destinationCidrBlock', message)
  }
  const known = table.routes.find((route) => route.cidr === cidr)
  if (known && known.gatewayId !== gatewayId) {
    throw new AwsError('RouteAlreadyExists', `The route identified by ${cidr} already exists.`)
  }
  endDryRun(input)
  if (!known) table.routes.push({ cidr, gatewayId })
  return { Return: true }
}

/** @throws AwsError InvalidParameterValue when there is no such route */
export function replaceRoute(input: ReplaceRouteRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const table = requireRouteTable(ec2, input.RouteTableId)
  const cidr = destination(input)
  const gatewayId = target(input, table, ec2)
  const route = table.routes.find((one) => one.cidr === cidr)
  if (!route) {
    const message = `There is no route defined for '${cidr}' in the route table. Use CreateRoute instead.`
    throw new AwsError('InvalidParameterValue', message)
  }
  endDryRun(input)
  route.gatewayId = gatewayId
}

export function deleteRoute(input: DeleteRouteRequest, cloud: Cloud): undefined {
  const table = requireRouteTable(cloud.state.ec2, input.RouteTableId)
  const cidr = destination(input)
  if (networkOf(cloud.state.ec2).vpcs[table.vpcId]?.cidr === cidr) {
    throw invalidValue(cidr, 'destinationCidrBlock', 'cannot remove local route in route table')
  }
  if (!table.routes.some((route) => route.cidr === cidr)) {
    const message = `no route with destination-cidr-block ${cidr} in route table ${table.id}`
    throw new AwsError('InvalidRoute.NotFound', message)
  }
  endDryRun(input)
  table.routes = table.routes.filter((route) => route.cidr !== cidr)
}

function destination(input: DeleteRouteRequest): string {
  if (input.DestinationIpv6CidrBlock) throw unsupported('IPv6 addresses')
  if (input.DestinationPrefixListId) throw unsupported('prefix lists')
  return requireCidr(input.DestinationCidrBlock, 'destinationCidrBlock').cidr
}

const TARGET = /Id$|Arn$/

/** Internet gateways are the only targets there are. */
function target(input: CreateRouteRequest | ReplaceRouteRequest, table: RouteTableRecord, state: Ec2State): string {
  const { GatewayId: id, RouteTableId: _table, ...rest } = input
  const other = Object.entries(rest).find(([name, value]) => TARGET.test(name) && value !== undefined)?.[0]
  if (other) throw unsupported(`routes to ${other.replace(TARGET, '')}`)
  if (!id) throw missingParameter('gatewayId')
  const gateway = isId('igw', id) ? networkOf(state).gateways[id] : undefined
  if (!gateway) throw new AwsError('InvalidGatewayID.NotFound', `The gateway ID '${id}' does not exist`)
  if (gateway.vpcId === table.vpcId) return id
  const message = `route table ${table.id} and network gateway ${id} belong to different networks`
  throw new AwsError('InvalidParameterValue', message)
}
