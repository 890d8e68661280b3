import { createHash, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c, crc64nvme } from './crc.js'

/** Algorithms of the x-amz-checksum-* headers that are checked here. */
const CHECKSUMS: Readonly<Record<string, (data: Uint8Array) => Buffer>> = {
  crc32: (data) => {
    const out = Buffer.alloc(4)
    out.writeUInt32BE(crc32(data))
    return out
  },
  crc32c,
  crc64nvme,
  sha1: (data) => createHash('sha1').update(data).digest(),
  sha256: (data) => createHash('sha256').update(data).digest(),
  sha512: (data) => createHash('sha512').update(data).digest(),
  md5: (data) => createHash('md5').update(data).digest(),
}

/** The headers x-amz-checksum-NAME of a request, as NAME -> base64, without the words about checksums. */
export function checksumHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const algorithm = /^x-amz-checksum-([a-z0-9]+)$/.exec(name)?.[1]
    if (algorithm && !['algorithm', 'mode', 'type'].includes(algorithm)) found[algorithm] = value
  }
  return found
}

/** @returns the first algorithm whose value is not that of the data; `unknown` for one that cannot be checked. */
export function mismatch(
  expected: Readonly<Record<string, string>>,
  data: Uint8Array,
): { algorithm: string; unknown: boolean } | undefined {
  for (const [algorithm, value] of Object.entries(expected)) {
    const compute = CHECKSUMS[algorithm]
    if (!compute) return { algorithm, unknown: true }
    const [sent, real] = [Buffer.from(value, 'base64'), compute(data)]
    if (sent.length !== real.length || !timingSafeEqual(sent, real)) return { algorithm, unknown: false }
  }
  return undefined
}
