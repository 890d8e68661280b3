import { createHmac, timingSafeEqual } from 'node:crypto'
import { formatHostKey, type HostKey, parseHostKey } from './host-keys.js'

/** A line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHostsLine {
  readonly marker?: '@cert-authority' | '@revoked'
  /** Comma-separated patterns, or one hashed name. */
  readonly hosts: string
  readonly key: HostKey
}

/** Undefined for comments, empty lines and lines that cannot be read, as OpenSSH skips them. */
export function parseKnownHostsLine(text: string): KnownHostsLine | undefined {
  const fields = text.trim().split(/\s+/)
  if (fields[0] === '' || fields[0]?.startsWith('#')) return undefined
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
  if (marker !== undefined && marker !== '@cert-authority' && marker !== '@revoked') return undefined
  const [hosts, type, base64] = fields
  const key = parseHostKey(`${type} ${base64}`)
  if (!hosts || !key) return undefined
  return { ...(marker ? { marker } : {}), hosts, key }
}

export function formatKnownHostsLine({ marker, hosts, key }: KnownHostsLine): string {
  return `${marker ? `${marker} ` : ''}${hosts} ${formatHostKey(key)}`
}

/** How a host is written: port 22 as it is, another as `[host]:port`. Names are lower case. */
export function knownHostsName(host: string, port = 22): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** Whether a line is about `name` (as `knownHostsName` writes it): plain, with `*` and `?`, negated with `!`, or hashed. */
export function matchesHost({ hosts }: Pick<KnownHostsLine, 'hosts'>, name: string): boolean {
  if (hosts.startsWith('|1|')) return matchesHash(hosts, name)
  let matched = false
  for (const pattern of hosts.split(',')) {
    const negated = pattern.startsWith('!')
    if (!matches(negated ? pattern.slice(1) : pattern, name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

/** `|1|salt|hmac-sha1` of a name, which hides it from readers of the file. */
export function hashHostName(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${hmac(name, salt).toString('base64')}`
}

function matchesHash(hosts: string, name: string): boolean {
  const [, , salt = '', expected = ''] = hosts.split('|')
  const wanted = Buffer.from(expected, 'base64')
  const actual = hmac(name, Buffer.from(salt, 'base64'))
  return wanted.length === actual.length && timingSafeEqual(wanted, actual)
}

function hmac(name: string, salt: Buffer): Buffer {
  return createHmac('sha1', salt).update(name).digest()
}

/** False when a line cannot be about `name`; cheaper than to read the line. */
export function mayBeAbout(text: string, name: string): boolean {
  return /^\s*[@|]|[*?]/.test(text) || text.toLowerCase().includes(name)
}

function matches(pattern: string, name: string): boolean {
  return /[*?]/.test(pattern) ? wildcard(pattern).test(name) : pattern.toLowerCase() === name
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`)
}
