import { isIPv4, isIPv6 } from 'node:net'

/** True for an address with the length of its network: `198.51.100.0/24`, `2001:db8::/32`. */
export function isCidr(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128)
}

/** What to write instead of something that is none. */
export function cidrHint(text: string): string {
  const single = isIPv4(text) ? `${text}/32` : isIPv6(text) ? `${text}/128` : undefined
  return single
    ? `for this one address write ${single}`
    : 'write an address and the length of its network, such as 198.51.100.0/24'
}
