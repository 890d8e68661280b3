import { isIPv4 } from 'node:net'

/** A range of addresses: all that agree with `start` in the first `bits`. */
interface AddressRange {
  readonly width: 32 | 128
  readonly bits: number
  readonly start: bigint
}

/** True when every address of one range is in the other. Both as `198.51.100.0/24` or `2001:db8::/32`. */
export function covers(outer: string, inner: string): boolean {
  const [wide, narrow] = [rangeOf(outer), rangeOf(inner)]
  return wide.width === narrow.width && wide.bits <= narrow.bits && wide.start === startOf(narrow, wide.bits)
}

/** Equal for ranges of the same addresses, however they are written: EC2 clears what lies behind the network's bits. */
export function rangeKey(cidr: string): string {
  const { width, bits, start } = rangeOf(cidr)
  return `${start.toString(16)}/${bits} of ${width}`
}

function rangeOf(cidr: string): AddressRange {
  const [address = '', bits = ''] = cidr.split('/')
  const width = isIPv4(address) ? 32 : 128
  const range = { width, bits: Number(bits), start: numberOf(address) } as const
  return { ...range, start: startOf(range, range.bits) }
}

function startOf({ width, start }: AddressRange, bits: number): bigint {
  const rest = BigInt(width - bits)
  return (start >> rest) << rest
}

function numberOf(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  // A URL writes every spelling of an IPv6 address alike: eight groups at most, one gap of zeros.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}
