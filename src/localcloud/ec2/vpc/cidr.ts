import { isIPv4 } from 'node:net'

/** A range of IPv4 addresses. */
export interface Range {
  /** First address as a number. */
  readonly base: number
  /** Number of addresses. */
  readonly size: number
  /** As EC2 tells it: host bits are cleared. */
  readonly cidr: string
}

/** `10.78.3.7/18` -> the range 10.78.0.0/18. undefined: no such thing. */
export function parseCidr(text: string): Range | undefined {
  const [, address = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? []
  if (!isIPv4(address) || Number(bits) > 32) return undefined
  const size = 2 ** (32 - Number(bits))
  const base = Math.floor(toNumber(address) / size) * size
  return { base, size, cidr: `${toAddress(base)}/${Number(bits)}` }
}

/** Of a range that a record has. */
export const rangeOf = (cidr: string): Range => parseCidr(cidr) as Range

export const prefixLength = ({ size }: Range): number => 32 - Math.log2(size)

export const holds = (outer: Range, inner: Range): boolean =>
  outer.base <= inner.base && inner.base + inner.size <= outer.base + outer.size

export const overlap = (a: Range, b: Range): boolean => a.base < b.base + b.size && b.base < a.base + a.size

export function toNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

export function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}
