import { createHash, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Crc, crc32c, crc64nvme } from './crc.js'

/** A checksum of bytes that come in pieces. */
export type Checksum = Crc

/** Algorithms of the x-amz-checksum-* headers that are checked here. */
const CHECKSUMS: Readonly<Record<string, () => Checksum>> = {
  crc32: () => {
    let crc = 0
    return {
      update: (data) => {
        crc = crc32(data, crc)
      },
      digest: () => Buffer.from(crc.toString(16).padStart(8, '0'), 'hex'),
    }
  },
  crc32c,
  crc64nvme,
  sha1: () => hash('sha1'),
  sha256: () => hash('sha256'),
  sha512: () => hash('sha512'),
  md5: () => hash('md5'),
}

function hash(name: string): Checksum {
  const made = createHash(name)
  return { update: (data) => void made.update(data), digest: () => made.digest() }
}

/** @returns undefined for an algorithm that cannot be checked here */
export function checksum(algorithm: string): Checksum | undefined {
  return Object.hasOwn(CHECKSUMS, algorithm) ? CHECKSUMS[algorithm]!() : undefined
}

/** The headers x-amz-checksum-NAME of a request, as NAME -> base64, without the words about checksums. */
export function checksumHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const algorithm = checksumName(name)
    if (algorithm) found[algorithm] = value
  }
  return found
}

/** `crc32` of `x-amz-checksum-crc32`; undefined for every other header. */
export function checksumName(header: string): string | undefined {
  const name = /^x-amz-checksum-([a-z0-9]+)$/.exec(header)?.[1]
  return name && !['algorithm', 'mode', 'type'].includes(name) ? name : undefined
}

export function isSame(base64: string, computed: Uint8Array): boolean {
  const sent = Buffer.from(base64, 'base64')
  return sent.length === computed.length && timingSafeEqual(sent, computed)
}
