import { newId } from '../resource-ids.js'
import type { Ec2State, InstanceRecord } from '../state.js'
import { VPC_CIDR, VPC_ID, ZONES } from './zones.js'

/** Everything of the network but security groups, which are older and stand by themselves. By id. */
export interface NetworkState {
  vpcs: Record<string, VpcRecord>
  subnets: Record<string, SubnetRecord>
  gateways: Record<string, GatewayRecord>
  routeTables: Record<string, RouteTableRecord>
  /** Those made by themselves. The interface that a launch makes is part of its instance. */
  interfaces: Record<string, InterfaceRecord>
}

export interface VpcRecord {
  readonly id: string
  /** `10.78.0.0/16` */
  readonly cidr: string
  readonly isDefault: boolean
}

export interface SubnetRecord {
  readonly id: string
  readonly vpcId: string
  readonly zone: string
  readonly cidr: string
  readonly defaultForZone: boolean
  mapPublicIp: boolean
}

export interface GatewayRecord {
  readonly id: string
  /** The VPC it is attached to. */
  vpcId?: string
}

export interface RouteTableRecord {
  readonly id: string
  readonly vpcId: string
  /** Besides the route to the VPC itself, which is always there. */
  routes: RouteRecord[]
  /** `main` stands for every subnet of the VPC without an association of its own. */
  associations: { readonly id: string; readonly subnetId: string | 'main' }[]
}

export interface RouteRecord {
  /** `0.0.0.0/0` */
  readonly cidr: string
  gatewayId: string
}

export interface InterfaceRecord {
  readonly id: string
  readonly subnetId: string
  readonly privateIp: string
  groupIds: string[]
  description: string
  sourceDestCheck: boolean
  /** Whose first interface it is. */
  attached?: { readonly instanceId: string; deleteOnTermination: boolean }
}

/** The VPC of an instance; those of older states are in the default one. */
export const vpcOf = ({ vpcId = VPC_ID }: InstanceRecord): string => vpcId

/** Older states have none: they get what every account has. */
export function networkOf(state: Ec2State): NetworkState {
  state.network ??= defaultNetwork()
  return state.network
}

/** A default VPC with a subnet in each zone that gives public addresses, and a way to the internet. */
function defaultNetwork(): NetworkState {
  const subnets = ZONES.map(({ name, letter, cidr }): SubnetRecord => {
    const id = `subnet-0107800000000000${letter}`
    return { id, vpcId: VPC_ID, zone: name, cidr, defaultForZone: true, mapPublicIp: true }
  })
  const gateway: GatewayRecord = { id: 'igw-01078000000000000', vpcId: VPC_ID }
  const table: RouteTableRecord = {
    id: 'rtb-01078000000000000',
    vpcId: VPC_ID,
    routes: [{ cidr: '0.0.0.0/0', gatewayId: gateway.id }],
    associations: [{ id: 'rtbassoc-01078000000000000', subnetId: 'main' }],
  }
  return {
    vpcs: { [VPC_ID]: { id: VPC_ID, cidr: VPC_CIDR, isDefault: true } },
    subnets: Object.fromEntries(subnets.map((subnet) => [subnet.id, subnet])),
    gateways: { [gateway.id]: gateway },
    routeTables: { [table.id]: table },
    interfaces: {},
  }
}

export function newRouteTable(state: Ec2State, vpcId: string): RouteTableRecord {
  const table: RouteTableRecord = { id: newId('rtb'), vpcId, routes: [], associations: [] }
  networkOf(state).routeTables[table.id] = table
  return table
}

/** The table of a subnet's own, or else its VPC's main one. */
export function routeTableOf(state: Ec2State, subnet: SubnetRecord): RouteTableRecord | undefined {
  const tables = Object.values(networkOf(state).routeTables).filter(({ vpcId }) => vpcId === subnet.vpcId)
  const withAssociation = (to: string) => tables.find((table) => table.associations.some((one) => one.subnetId === to))
  return withAssociation(subnet.id) ?? withAssociation('main')
}

/** Whether public addresses work there: a route to an internet gateway that is attached to the subnet's VPC. */
export function reachesInternet(state: Ec2State, subnet: SubnetRecord): boolean {
  const { gateways } = networkOf(state)
  const routes = routeTableOf(state, subnet)?.routes ?? []
  return routes.some(({ cidr, gatewayId }) => cidr === '0.0.0.0/0' && gateways[gatewayId]?.vpcId === subnet.vpcId)
}
