import { AwsError } from '../protocol/aws-error.js'
import type { Ec2State } from './state.js'
import { rangeOf, toAddress } from './vpc/cidr.js'
import { networkOf, type SubnetRecord } from './vpc/records.js'

/**
 * A subnet's first four addresses and its last are not given out.
 * Source: VPC User Guide, "Subnet CIDR blocks" (docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
 */
export const RESERVED = { first: 4, last: 1 }

/** Free addresses left in a subnet, as DescribeSubnets tells. */
export function freeAddresses(state: Ec2State, subnet: SubnetRecord): number {
  let used = 0
  for (const owner of addressOwners(state)) if (owner.subnetId === subnet.id) used++
  return rangeOf(subnet.cidr).size - RESERVED.first - RESERVED.last - used
}

/** Private addresses in use, of all VPCs: machines share one network. */
export function usedPrivateAddresses(state: Ec2State): Set<string> {
  const used = new Set<string>()
  for (const { privateIp } of addressOwners(state)) used.add(privateIp)
  return used
}

/** Terminated instances have given their addresses back; an interface that was made first keeps its own. */
function* addressOwners(state: Ec2State): Generator<{ readonly subnetId: string; readonly privateIp: string }> {
  const { interfaces } = networkOf(state)
  for (const instance of Object.values(state.instances)) {
    if (instance.state !== 'terminated' && !Object.hasOwn(interfaces, instance.networkInterfaceId)) yield instance
  }
  yield* Object.values(interfaces)
}

/** @throws AwsError InsufficientFreeAddressesInSubnet */
export function allocatePrivate(state: Ec2State, subnet: SubnetRecord, count: number): string[] {
  const used = usedPrivateAddresses(state)
  const { base, size } = rangeOf(subnet.cidr)
  const next = counter(state, subnet.id, RESERVED.first, size - RESERVED.last - 1)
  const addresses: string[] = []
  for (let tried = 0; addresses.length < count && tried < size; tried++) {
    const address = toAddress(base + next())
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
