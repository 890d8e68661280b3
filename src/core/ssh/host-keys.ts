import { createHash } from 'node:crypto'

/** Decides whether the key a server shows is the node's. Called in every connect, before anything secret is sent. */
export interface HostKeyVerifier {
  /** @throws HostKeyMismatch, HostKeyUnknown */
  verify(host: string, port: number, keyBlob: Buffer): Promise<'ok'>
  /** Key types known for the host; asked for first, so that a server with several keys shows a known one. */
  knownKeyTypes?(host: string, port: number): Promise<readonly string[]>
}

/** A public key as in known_hosts: `type` is repeated inside `blob`. */
export interface HostKey {
  readonly type: string
  readonly blob: Buffer
}

/** `ssh-ed25519 AAAA...` with an optional comment. Undefined when it is no well-formed key. */
export function parseHostKey(text: string): HostKey | undefined {
  const [type = '', base64 = ''] = text.trim().split(/\s+/)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const blob = Buffer.from(base64, 'base64')
  return keyType(blob) === type ? { type, blob } : undefined
}

export function formatHostKey({ type, blob }: HostKey): string {
  return `${type} ${blob.toString('base64')}`
}

/** The type name at the start of a key blob (RFC 4253, 6.6); empty when there is none. */
export function keyType(blob: Buffer): string {
  if (blob.length < 4) return ''
  const length = blob.readUInt32BE(0)
  return length > 64 || blob.length < 4 + length ? '' : blob.toString('latin1', 4, 4 + length)
}

/** `SHA256:...` as OpenSSH prints it. */
export function sha256Fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** `MD5:aa:bb:...` as OpenSSH prints it. */
export function md5Fingerprint(blob: Buffer): string {
  return `MD5:${colons(createHash('md5').update(blob).digest())}`
}

export function colons(bytes: Buffer): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}
