/** CRC-32C (Castagnoli), as S3 writes it: 4 bytes, big-endian. */
export function crc32c(data: Uint8Array): Buffer {
  let crc = 0xffffffff
  for (const byte of data) crc = (crc >>> 8) ^ table32()[(crc ^ byte) & 0xff]!
  const out = Buffer.alloc(4)
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0)
  return out
}

/** CRC-64/NVME, S3's newest default: 8 bytes, big-endian. Two halves, since BigInt is some 20 times slower. */
export function crc64nvme(data: Uint8Array): Buffer {
  const { high: tableHigh, low: tableLow } = table64()
  let high = 0xffffffff
  let low = 0xffffffff
  for (const byte of data) {
    const i = (low ^ byte) & 0xff
    low = ((low >>> 8) | (high << 24)) ^ tableLow[i]!
    high = (high >>> 8) ^ tableHigh[i]!
  }
  const out = Buffer.alloc(8)
  out.writeUInt32BE((high ^ 0xffffffff) >>> 0, 0)
  out.writeUInt32BE((low ^ 0xffffffff) >>> 0, 4)
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
