import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Crc, crc32c, crc64nvme } from '../../../src/localcloud/auth/crc.js'

const over = (crc: Crc, ...pieces: Uint8Array[]) => {
  for (const piece of pieces) crc.update(piece)
  return crc.digest().toString('hex')
}

test('check values of the CRC catalogue', () => {
  expect(over(crc32c(), Buffer.from('12345'), Buffer.from('6789'))).toBe('e3069283')
  expect(over(crc64nvme(), Buffer.from('12345'), Buffer.from('6789'))).toBe('ae8b14860a799888')
})

test('CRC-64 by halves equals CRC-64 by BigInt', () => {
  const slow = (data: Uint8Array) => {
    let crc = 0xffffffffffffffffn
    for (const byte of data) {
      crc ^= BigInt(byte)
      for (let k = 0; k < 8; k++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n
    }
    return (crc ^ 0xffffffffffffffffn).toString(16).padStart(16, '0')
  }
  fc.assert(
    fc.property(fc.uint8Array(), (data) => {
      expect(over(crc64nvme(), data)).toBe(slow(data))
    }),
  )
})
