import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CREDENTIALS, startTestServer, type TestServer } from '../server/test-server.js'

let server: TestServer
let s3: S3Client
let Bucket: string
let made = 0

beforeAll(async () => {
  server = await startTestServer()
  s3 = new S3Client({ endpoint: server.endpoint, region: 'local', credentials: CREDENTIALS, forcePathStyle: true })
})
afterAll(async () => {
  s3.destroy()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  Bucket = `bucket-${++made}`
  await s3.send(new CreateBucketCommand({ Bucket }))
})

const put = (Key: string, Body: string | Uint8Array = Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body }))
const text = async (Key: string, more = {}) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }))
  return (await Body?.transformToString()) ?? ''
}
const keys = async (more = {}) =>
  ((await s3.send(new ListObjectsV2Command({ Bucket, ...more }))).Contents ?? []).map((object) => object.Key)

test('buckets: made, listed, located, refused twice, removed only when empty', async () => {
  const again = s3.send(new CreateBucketCommand({ Bucket }))
  await expect(again).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou', $metadata: { httpStatusCode: 409 } })
  const { Buckets } = await s3.send(new ListBucketsCommand({}))
  expect(Buckets).toContainEqual({ Name: Bucket, BucketRegion: 'local', CreationDate: expect.any(Date) })
  expect(await s3.send(new GetBucketLocationCommand({ Bucket }))).toMatchObject({ LocationConstraint: 'local' })
  expect(await s3.send(new HeadBucketCommand({ Bucket }))).toMatchObject({ BucketRegion: 'local' })
  await put('a')
  await expect(s3.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'BucketNotEmpty' })
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
  await s3.send(new DeleteBucketCommand({ Bucket }))
  await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' })
  await expect(put('a')).rejects.toMatchObject({ name: 'NoSuchBucket' })
})

test.each(['ab', 'A-b', '192.168.1.1', 'a..b', '-ab', '__proto__'])('no bucket is named %s', async (name) => {
  const made = s3.send(new CreateBucketCommand({ Bucket: name }))
  await expect(made).rejects.toMatchObject({ name: 'InvalidBucketName', $metadata: { httpStatusCode: 400 } })
})

test('an object comes back with its bytes, type, metadata, tag and checksum', async () => {
  const Body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256))
  const about = { ContentType: 'image/x', CacheControl: 'no-cache', Metadata: { owner: 'me', 'two-words': 'a b' } }
  const { ETag, ChecksumCRC32 } = await s3.send(new PutObjectCommand({ Bucket, Key: 'x', Body, ...about }))
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'x' }))
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Body)).toBe(true)
  expect(got).toMatchObject({ ...about, ETag, ChecksumCRC32, ContentLength: Body.length, AcceptRanges: 'bytes' })
  expect(ChecksumCRC32).toBeTruthy()
  const { createHash } = await import('node:crypto')
  expect(ETag).toBe(`"${createHash('md5').update(Body).digest('hex')}"`)
  expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'x' }))).toMatchObject({
    ...about,
    ETag,
    ContentLength: Body.length,
    LastModified: expect.any(Date),
  })
})

test('a stream is sent in pieces and arrives whole; gzip stays its coding', async () => {
  const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(5_000 + i, i))
  const Body = Readable.from(pieces)
  const ContentLength = pieces.reduce((sum, piece) => sum + piece.length, 0)
  await s3.send(new PutObjectCommand({ Bucket, Key: 's', Body, ContentLength, ContentEncoding: 'gzip' }))
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 's' }))
  expect(got.ContentEncoding).toBe('gzip')
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.concat(pieces))).toBe(true)
})

test.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)('%s is checked and kept', async (ChecksumAlgorithm) => {
  const sent = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello', ChecksumAlgorithm }))
  const member = `Checksum${ChecksumAlgorithm}` as 'ChecksumCRC32'
  expect(sent[member]).toBeTruthy()
  expect((await s3.send(new GetObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' })))[member]).toBe(
    sent[member],
  )
})

test('bytes that are not what the client said are refused', async () => {
  const wrong = { Bucket, Key: 'k', Body: 'hello' }
  const crc = s3.send(new PutObjectCommand({ ...wrong, ChecksumCRC32: 'AAAAAA==' }))
  await expect(crc).rejects.toMatchObject({ name: 'BadDigest' })
  const md5 = s3.send(new PutObjectCommand({ ...wrong, ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' }))
  await expect(md5).rejects.toMatchObject({ name: 'BadDigest' })
  expect(await keys()).toEqual([])
})

test('keys of any characters: put, get, list, delete', async () => {
  const part = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.constantFrom(
      '..',
      '.',
      '//',
      '%2F',
      '+',
      ' ',
      '__proto__',
      '?x=1&y',
      '#',
      '\\',
      '<&>"\'',
      '\u0001\r\n',
      '😀',
      'é',
    ),
  )
  const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  await fc.assert(
    fc.asyncProperty(key, async (Key) => {
      fc.pre(Buffer.byteLength(Key) <= 1024)
      await put(Key, `body of ${Key}`)
      expect(await text(Key)).toBe(`body of ${Key}`)
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key, EncodingType: 'url' }))
      expect((Contents ?? []).map((object) => decodeURIComponent(object.Key ?? ''))).toEqual([Key])
      const source = `${Bucket}/${encodeURIComponent(Key)}`
      await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: source }))
      expect(await text('copy')).toBe(`body of ${Key}`)
      const Delete = { Objects: [{ Key }, { Key: 'copy' }] }
      expect((await s3.send(new DeleteObjectsCommand({ Bucket, Delete }))).Errors).toBeUndefined()
      expect(await keys()).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('listing equals a model: prefix, delimiter, pages', async () => {
  const names = ['a', 'a/', 'a/1', 'a/2', 'a/b/3', 'b', 'b/x/1', 'b/x/2', 'c', 'Ω', '\ufffd', '😀/1']
  for (const name of names) await put(name)
  const sorted = [...names].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
  for (const Prefix of ['', 'a', 'a/', 'b/', 'nothing']) {
    for (const Delimiter of [undefined, '/', 'x/']) {
      for (const MaxKeys of [1, 2, 5, 1000]) {
        const objects: string[] = []
        const prefixes: string[] = []
        const asked = { Bucket, Prefix, Delimiter, MaxKeys }
        for await (const page of paginateListObjectsV2({ client: s3 }, asked)) {
          expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys)
          objects.push(...(page.Contents ?? []).map((object) => object.Key!))
          prefixes.push(...(page.CommonPrefixes ?? []).map((prefix) => prefix.Prefix!))
        }
        expect({ ...asked, objects, prefixes }).toEqual({ ...asked, ...model(sorted, Prefix, Delimiter) })
      }
    }
  }
})

function model(sorted: string[], prefix: string, delimiter: string | undefined) {
  const objects: string[] = []
  const prefixes = new Set<string>()
  for (const key of sorted.filter((name) => name.startsWith(prefix))) {
    const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1
    if (cut < 0) objects.push(key)
    else prefixes.add(key.slice(0, cut + delimiter!.length))
  }
  return { objects, prefixes: [...prefixes] }
}

test('start-after, the older ListObjects with markers, and bad arguments', async () => {
  for (const name of ['a', 'b/1', 'b/2', 'c']) await put(name)
  expect(await keys({ StartAfter: 'b/1' })).toEqual(['b/2', 'c'])
  const first = await s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2 }))
  expect(first).toMatchObject({ IsTruncated: true, NextMarker: 'b/', CommonPrefixes: [{ Prefix: 'b/' }] })
  const second = await s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: 'b/' }))
  expect(second).toMatchObject({ IsTruncated: false, Contents: [{ Key: 'c' }] })
  await expect(keys({ ContinuationToken: 'what?' })).rejects.toMatchObject({ name: 'InvalidArgument' })
  await expect(keys({ MaxKeys: -1 })).rejects.toMatchObject({ name: 'InvalidArgument' })
})

test('ranges', async () => {
  await put('r', '0123456789')
  const range = async (Range: string) => {
    const { Body, ContentRange, $metadata } = await s3.send(new GetObjectCommand({ Bucket, Key: 'r', Range }))
    return [await Body?.transformToString(), ContentRange, $metadata.httpStatusCode]
  }
  expect(await range('bytes=2-4')).toEqual(['234', 'bytes 2-4/10', 206])
  expect(await range('bytes=7-')).toEqual(['789', 'bytes 7-9/10', 206])
  expect(await range('bytes=-2')).toEqual(['89', 'bytes 8-9/10', 206])
  expect(await range('bytes=8-100')).toEqual(['89', 'bytes 8-9/10', 206])
  expect(await range('lines=1-2')).toEqual(['0123456789', undefined, 200])
  await expect(range('bytes=10-')).rejects.toMatchObject({ name: 'InvalidRange' })
})

test('conditions of reads and writes', async () => {
  const { ETag } = await put('c', 'one')
  expect(await text('c', { IfMatch: ETag })).toBe('one')
  const stale = { IfNoneMatch: ETag }
  await expect(text('c', stale)).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } })
  await expect(text('c', { IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
  const later = new Date(Date.now() + 3_600_000)
  await expect(text('c', { IfModifiedSince: later })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } })
  const write = (more: object) => s3.send(new PutObjectCommand({ Bucket, Key: 'c', Body: 'two', ...more }))
  await expect(write({ IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await expect(write({ IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await write({ IfMatch: ETag })
  expect(await text('c')).toBe('two')
})

test('of many that all want to make the same new object, one wins', async () => {
  const writes = Array.from({ length: 8 }, (_, i) =>
    s3.send(new PutObjectCommand({ Bucket, Key: 'lock', Body: `${i}`, IfNoneMatch: '*' })).then(
      () => i,
      () => undefined,
    ),
  )
  const winners = (await Promise.all(writes)).filter((winner) => winner !== undefined)
  expect(winners).toHaveLength(1)
  expect(await text('lock')).toBe(String(winners[0]))
})

test('copies keep or replace what is said about the bytes', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', ContentType: 'text/x', Metadata: { v: '1' } }))
  const copy = (more: object) =>
    s3.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a`, ...more }))
  expect((await copy({})).CopyObjectResult?.ETag).toBeTruthy()
  const head = () => s3.send(new HeadObjectCommand({ Bucket, Key: 'b' }))
  expect(await head()).toMatchObject({ ContentType: 'text/x', Metadata: { v: '1' } })
  await copy({ MetadataDirective: 'REPLACE', Metadata: { v: '2' }, ContentType: 'text/y' })
  expect(await head()).toMatchObject({ ContentType: 'text/y', Metadata: { v: '2' } })
  await expect(copy({ Key: 'a' })).rejects.toMatchObject({ name: 'InvalidRequest' })
  await expect(copy({ CopySource: `${Bucket}/gone` })).rejects.toMatchObject({ name: 'NoSuchKey' })
})

test('what is not there, too long, or not built has its code', async () => {
  await expect(text('gone')).rejects.toMatchObject({ name: 'NoSuchKey' })
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'gone' }))).rejects.toMatchObject({ name: 'NotFound' })
  await expect(put('k'.repeat(1025))).rejects.toMatchObject({ name: 'KeyTooLongError' })
  const big = s3.send(new PutObjectCommand({ Bucket, Key: 'm', Body: '', Metadata: { x: 'y'.repeat(2049) } }))
  await expect(big).rejects.toMatchObject({ name: 'MetadataTooLarge' })
  const versioning = s3.send(new GetBucketVersioningCommand({ Bucket }))
  await expect(versioning).rejects.toMatchObject({ name: 'NotImplemented' })
})

test('replaced and deleted bytes leave the disk, one commit later', async () => {
  const { readdir } = await import('node:fs/promises')
  const files = async () => (await readdir(`${server.dir}/objects`, { recursive: true })).filter((f) => f.includes('/'))
  const before = (await files()).length
  for (let i = 0; i < 5; i++) await put('same', `${i}`)
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'same' }))
  await put('other')
  await put('other')
  expect((await files()).length - before).toBeLessThanOrEqual(2)
})

test('state that cannot be saved: said at once, reads go on, and all goes on once it can be saved', async () => {
  const { mkdir, rmdir } = await import('node:fs/promises')
  await put('before')
  await mkdir(`${server.dir}/state.json.new`) // in the way of the next write
  const refused = { name: 'InternalError', message: expect.stringMatching(/cannot save its state/) }
  await expect(put('during')).rejects.toMatchObject(refused)
  await expect(put('during2')).rejects.toMatchObject(refused)
  expect(await text('before')).toBe('before')
  await rmdir(`${server.dir}/state.json.new`)
  await put('after')
  expect(await text('after')).toBe('after')
})
