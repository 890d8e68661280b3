import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AwsChunkedDecoder } from '../../../src/localcloud/auth/aws-chunked.js'

const auth = {
  scope: { accessKeyId: 'k', date: '20260101', region: 'local', service: 's3' },
  service: 's3',
  amzDate: '20260101T000000Z',
  signature: '0'.repeat(64),
  contentSha256: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  key: { secretAccessKey: 's' },
} as const

const coded = (pieces: readonly Uint8Array[]) =>
  Buffer.concat([
    ...pieces.flatMap((p) => [Buffer.from(`${p.length.toString(16)}\r\n`), p, Buffer.from('\r\n')]),
    Buffer.from('0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'),
  ])

function decode(raw: Buffer, length: number, step: number) {
  const decoder = new AwsChunkedDecoder(auth, 's', length)
  const out: Buffer[] = []
  for (let at = 0; at < raw.length; at += step) out.push(...decoder.push(raw.subarray(at, at + step)))
  return { trailers: decoder.end(), bytes: Buffer.concat(out) }
}

const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 })

test('wherever the wire cuts it, the same bytes and trailers come out', () => {
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 400 }), (parts, step) => {
      const whole = Buffer.concat(parts)
      const { bytes, trailers } = decode(coded(parts), whole.length, step)
      expect(bytes.equals(whole)).toBe(true)
      expect(trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' })
    }),
  )
})

test('cut short, of another length or of another form, it is refused', () => {
  const raw = coded([Buffer.from('hello')])
  const refused = { code: 'IncompleteBody' }
  const failing = (bytes: Buffer, length = 5) => {
    try {
      return decode(bytes, length, 3)
    } catch (error) {
      return error
    }
  }
  for (const at of [0, 1, 4, 8, 9, 11]) expect(failing(raw.subarray(0, at))).toMatchObject(refused)
  for (const length of [4, 6]) expect(failing(raw, length)).toMatchObject(refused)
  expect(failing(Buffer.from(raw.toString('latin1').replace('hello\r\n', 'hello!\r\n'), 'latin1'))).toMatchObject(
    refused,
  )
  expect(failing(Buffer.from('x\r\nhello\r\n0\r\n\r\n'))).toMatchObject(refused)
  expect(failing(Buffer.from('f'.repeat(20_000)))).toMatchObject(refused)
})
