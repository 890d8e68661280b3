/** A cyclic redundancy check of bytes that come in pieces. */
export interface Crc {
  update(data: Uint8Array): void
  /** Big-endian, as S3 writes it. */
  digest(): Buffer
}

/** CRC-32C (Castagnoli): 4 bytes. */
export function crc32c(): Crc {
  const table = table32()
  let crc = 0xffffffff
  return {
    update: (data) => {
      for (const byte of data) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!
    },
    digest: () => bigEndian((crc ^ 0xffffffff) >>> 0),
  }
}

/** CRC-64/NVME, S3's newest default: 8 bytes. Two halves, since BigInt is some 20 times slower. */
export function crc64nvme(): Crc {
  const { high: tableHigh, low: tableLow } = table64()
  let high = 0xffffffff
  let low = 0xffffffff
  return {
    update: (data) => {
      for (const byte of data) {
        const i = (low ^ byte) & 0xff
        low = ((low >>> 8) | (high << 24)) ^ tableLow[i]!
        high = (high >>> 8) ^ tableHigh[i]!
      }
    },
    digest: () => bigEndian((high ^ 0xffffffff) >>> 0, (low ^ 0xffffffff) >>> 0),
  }
}

function bigEndian(...words: readonly number[]): Buffer {
  const out = Buffer.alloc(4 * words.length)
  for (const [i, word] of words.entries()) out.writeUInt32BE(word, 4 * i)
  return out
}

let castagnoli: Uint32Array | undefined
function table32(): Uint32Array {
  castagnoli ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
    return c >>> 0
  })
  return castagnoli
}

let nvme: { high: Uint32Array; low: Uint32Array } | undefined
function table64(): { high: Uint32Array; low: Uint32Array } {
  if (nvme) return nvme
  nvme = { high: new Uint32Array(256), low: new Uint32Array(256) }
  for (let n = 0; n < 256; n++) {
    let c = BigInt(n)
    for (let k = 0; k < 8; k++) c = c & 1n ? (c >> 1n) ^ 0x9a6c9329ac4bc9b5n : c >> 1n
    nvme.high[n] = Number(c >> 32n)
    nvme.low[n] = Number(c & 0xffffffffn)
  }
  return nvme
}
