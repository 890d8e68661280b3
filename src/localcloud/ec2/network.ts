import { AwsError } from '../protocol/aws-error.js'
import type { Ec2State } from './state.js'

/**
 * The one network of the local cloud: a default VPC with a default subnet in each zone. Always there, so it is no state.
 * As in a real VPC a subnet's first four addresses and its last are not given out.
 * Source: VPC User Guide, "Subnet CIDR blocks" (docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
 */
export const VPC_ID = 'vpc-01078000000000000'
export const VPC_CIDR = '10.78.0.0/16'
export const DHCP_OPTIONS_ID = 'dopt-01078000000000000'
export const DEFAULT_GROUP_ID = 'sg-01078000000000000'

export interface SubnetDescription {
  readonly id: string
  readonly zone: string
  readonly zoneId: string
  readonly cidr: string
  /** First address as a number. */
  readonly base: number
  /** Number of addresses. */
  readonly size: number
}

const SIZE = 1 << 14

export const SUBNETS: readonly SubnetDescription[] = ['a', 'b', 'c'].map((letter, index) => ({
  id: `subnet-0107800000000000${letter}`,
  zone: `local-${letter}`,
  zoneId: `local-az${index + 1}`,
  cidr: `10.78.${index * 64}.0/18`,
  base: toNumber('10.78.0.0') + index * SIZE,
  size: SIZE,
}))

export const ZONES: readonly string[] = SUBNETS.map((subnet) => subnet.zone)

export function subnetOfZone(zone: string): SubnetDescription | undefined {
  return SUBNETS.find((subnet) => subnet.zone === zone)
}

export function subnetById(id: string): SubnetDescription | undefined {
  return SUBNETS.find((subnet) => subnet.id === id)
}

export function toNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

export function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}

/** Free addresses left in a subnet, as DescribeSubnets tells. */
export function freeAddresses(state: Ec2State, subnet: SubnetDescription): number {
  let used = 0
  for (const instance of Object.values(state.instances)) {
    if (instance.subnetId === subnet.id && instance.state !== 'terminated') used++
  }
  return subnet.size - 5 - used
}

/** Private addresses in use; terminated instances have given theirs back. */
export function usedPrivateAddresses(state: Ec2State): Set<string> {
  const used = new Set<string>()
  for (const instance of Object.values(state.instances))
    if (instance.state !== 'terminated') used.add(instance.privateIp)
  return used
}

/** @throws AwsError InsufficientFreeAddressesInSubnet */
export function allocatePrivate(state: Ec2State, subnet: SubnetDescription, count: number): string[] {
  const used = usedPrivateAddresses(state)
  const next = counter(state, subnet.id, 4, subnet.size - 2)
  const addresses: string[] = []
  for (let tried = 0; addresses.length < count && tried < subnet.size; tried++) {
    const address = toAddress(subnet.base + next())
    if (!used.has(address)) addresses.push(address)
  }
  if (addresses.length === count) return addresses
  throw new AwsError('InsufficientFreeAddressesInSubnet', `The subnet ${subnet.id} has no more free addresses.`)
}

/**
 * Public addresses for running instances. They come back into use as late as possible, so that another machine at an
 * address just seen is rare.
 *
 * @param prefix two or three octets; see NodeEngine.publicPrefix
 * @throws AwsError AddressLimitExceeded
 */
export function allocatePublic(state: Ec2State, prefix: string, count: number): string[] {
  const used = new Set<string>()
  for (const instance of Object.values(state.instances)) if (instance.publicIp) used.add(instance.publicIp)
  const wide = prefix.split('.').length === 2
  const total = wide ? 254 * 256 : 254
  const next = counter(state, 'public', 0, total - 1)
  const addresses: string[] = []
  for (let tried = 0; addresses.length < count && tried < total; tried++) {
    const number = next()
    const host = (number % 254) + 1
    const address = wide ? `${prefix}.${Math.floor(number / 254)}.${host}` : `${prefix}.${host}`
    if (!used.has(address)) addresses.push(address)
  }
  if (addresses.length === count) return addresses
  throw new AwsError('AddressLimitExceeded', `The local cloud has no more public addresses: it has ${total} of them.`)
}

/** Counts on from where the last allocation ended, in a circle. */
function counter(state: Ec2State, name: string, first: number, last: number): () => number {
  return () => {
    const before = state.addressCursors[name]
    const next = before === undefined || before < first || before >= last ? first : before + 1
    state.addressCursors[name] = next
    return next
  }
}

/** `10.78.0.5` -> `ip-10-78-0-5`. */
export const hostNameOf = (privateIp: string) => `ip-${privateIp.replaceAll('.', '-')}`

export const privateDnsName = (privateIp: string, region: string) => `${hostNameOf(privateIp)}.${region}.internal`

/** As the nodes have it: an address that is used again keeps its hardware address, so no stale ARP entries. */
export function macAddress(privateIp: string): string {
  return ['02', '77', ...privateIp.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))].join(':')
}
