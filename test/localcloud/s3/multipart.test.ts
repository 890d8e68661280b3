import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { type CompletedPart, S3 } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CloudState } from '../../../src/localcloud/cloud.js'
import { BlobStore } from '../../../src/localcloud/s3/blobs.js'
import { referencedFiles } from '../../../src/localcloud/s3/state.js'
import { CloudStore } from '../../../src/localcloud/store/store.js'
import { CREDENTIALS, startTestServer, type TestServer } from '../server/test-server.js'

const MiB = 1024 * 1024
const [FIRST, SECOND, LAST] = [randomBytes(5 * MiB + 1), randomBytes(5 * MiB), randomBytes(100)]

let server: TestServer
let s3: S3
let Bucket: string
let made = 0
const Key = 'large/object'

beforeAll(async () => {
  server = await startTestServer()
  s3 = new S3({ endpoint: server.endpoint, region: 'local', credentials: CREDENTIALS, forcePathStyle: true })
})
afterAll(async () => {
  s3.destroy()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  Bucket = `parts-${++made}`
  await s3.createBucket({ Bucket })
})

const begin = async (more: object = {}) =>
  (await s3.createMultipartUpload({ Bucket, Key, ...more })) as { UploadId: string; ChecksumAlgorithm?: string }
const send = async (UploadId: string, PartNumber: number, Body: Uint8Array): Promise<CompletedPart> => {
  const {
    $metadata: _,
    ServerSideEncryption: __,
    ...answer
  } = await s3.uploadPart({ Bucket, Key, UploadId, PartNumber, Body })
  return { PartNumber, ...answer }
}
const complete = (UploadId: string, Parts: CompletedPart[], more: object = {}) =>
  s3.completeMultipartUpload({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more })
const bytes = async (more: object = {}) => {
  const { Body } = await s3.getObject({ Bucket, Key, ...more })
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}
const files = async () => (await readdir(`${server.dir}/objects`, { recursive: true })).filter((f) => f.includes('/'))
const md5 = (data: Uint8Array) => createHash('md5').update(data).digest()

test('parts in any order and sent again become one object, with what its beginning said of it', async () => {
  const { UploadId } = await begin({ ContentType: 'image/x', Metadata: { owner: 'me' }, ChecksumAlgorithm: 'CRC32' })
  const last = await send(UploadId, 10_000, LAST)
  await send(UploadId, 1, SECOND)
  const first = await send(UploadId, 1, FIRST)
  const second = await send(UploadId, 7, SECOND)
  await expect(s3.headObject({ Bucket, Key })).rejects.toMatchObject({ name: 'NotFound' })
  const { ETag, ChecksumCRC32, ChecksumType } = await complete(UploadId, [first, second, last])
  expect(ETag).toBe(`"${md5(Buffer.concat([FIRST, SECOND, LAST].map(md5))).toString('hex')}-3"`)
  expect([ChecksumCRC32, ChecksumType]).toEqual([expect.stringMatching(/-3$/), 'COMPOSITE'])
  expect((await bytes()).equals(Buffer.concat([FIRST, SECOND, LAST]))).toBe(true)
  const about = { ContentType: 'image/x', Metadata: { owner: 'me' }, ETag, ContentLength: 10 * MiB + 101 }
  expect(await s3.headObject({ Bucket, Key })).toMatchObject(about)
  // Over the border of two parts, and from the end.
  const border = await bytes({ Range: `bytes=${5 * MiB - 1}-${5 * MiB + 2}` })
  expect(border.equals(Buffer.concat([FIRST.subarray(-2), SECOND.subarray(0, 2)]))).toBe(true)
  expect((await bytes({ Range: 'bytes=-150' })).equals(Buffer.concat([SECOND.subarray(-50), LAST]))).toBe(true)
  await expect(bytes({ Range: `bytes=${11 * MiB}-` })).rejects.toMatchObject({ name: 'InvalidRange' })
  await expect(complete(UploadId, [first])).rejects.toMatchObject({ name: 'NoSuchUpload' })
  const copied = await s3.copyObject({ Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}` })
  const whole = md5(Buffer.concat([FIRST, SECOND, LAST])).toString('hex')
  expect(copied.CopyObjectResult?.ETag).toBe(`"${whole}"`)
})

test('a checksum of the whole is computed and checked', async () => {
  const { UploadId } = await begin({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' })
  const { ETag } = await s3.uploadPart({ Bucket, Key, UploadId, PartNumber: 1, Body: '123456789' })
  const wrong = complete(UploadId, [{ PartNumber: 1, ETag }], { ChecksumCRC32: 'AAAAAA==' })
  await expect(wrong).rejects.toMatchObject({ name: 'BadDigest' })
  const done = await complete(UploadId, [{ PartNumber: 1, ETag }], { ChecksumCRC32: 'y/Q5Jg==' })
  expect(done).toMatchObject({ ChecksumCRC32: 'y/Q5Jg==', ChecksumType: 'FULL_OBJECT' })
})

test('refusals', async () => {
  const { UploadId } = await begin()
  const small = await send(UploadId, 1, LAST)
  const second = await send(UploadId, 2, LAST)
  const refused = async (work: Promise<unknown>, name: string) => expect(work).rejects.toMatchObject({ name })
  await refused(complete(UploadId, [small, second]), 'EntityTooSmall')
  await refused(complete(UploadId, [second, small]), 'InvalidPartOrder')
  await refused(complete(UploadId, [small, small]), 'InvalidPartOrder')
  await refused(complete(UploadId, [{ ...small, ETag: '"0"' }]), 'InvalidPart')
  await refused(complete(UploadId, [{ ...small, PartNumber: 3 }]), 'InvalidPart')
  await refused(complete(UploadId, []), 'MalformedXML')
  await refused(send(UploadId, 0, LAST), 'InvalidArgument')
  await refused(send(UploadId, 10_001, LAST), 'InvalidArgument')
  await refused(send('none', 1, LAST), 'NoSuchUpload')
  await refused(s3.listParts({ Bucket, Key: 'other', UploadId }), 'NoSuchUpload')
  await s3.abortMultipartUpload({ Bucket, Key, UploadId })
  await refused(s3.abortMultipartUpload({ Bucket, Key, UploadId }), 'NoSuchUpload')
  await refused(complete(UploadId, [small]), 'NoSuchUpload')
  await refused(s3.createMultipartUpload({ Bucket: 'nowhere', Key }), 'NoSuchBucket')
})

test('parts copied from objects, whole and by ranges', async () => {
  await s3.putObject({ Bucket, Key: 'source', Body: FIRST })
  const { UploadId } = await begin()
  const copy = async (PartNumber: number, CopySourceRange?: string): Promise<CompletedPart> => {
    const asked = { Bucket, Key, UploadId, PartNumber, CopySource: `${Bucket}/source`, CopySourceRange }
    return { PartNumber, ETag: (await s3.uploadPartCopy(asked)).CopyPartResult?.ETag }
  }
  await expect(copy(1, `bytes=0-${FIRST.length}`)).rejects.toMatchObject({ name: 'InvalidArgument' })
  await expect(copy(1, 'bytes=-5')).rejects.toMatchObject({ name: 'InvalidArgument' })
  await complete(UploadId, [await copy(1), await copy(2, 'bytes=2-4')])
  expect((await bytes()).equals(Buffer.concat([FIRST, FIRST.subarray(2, 5)]))).toBe(true)
})

test('what is on its way is listed, in pages', async () => {
  const uploads: { Key: string; UploadId: string }[] = []
  for (const key of ['a', 'a', 'b/1', 'b/2', 'c']) {
    const { UploadId = '' } = await s3.createMultipartUpload({ Bucket, Key: key })
    uploads.push({ Key: key, UploadId })
  }
  const all = await s3.listMultipartUploads({ Bucket })
  expect(all.Uploads?.map((one) => one.Key)).toEqual(['a', 'a', 'b/1', 'b/2', 'c'])
  expect(new Set(all.Uploads?.map((one) => one.UploadId))).toEqual(new Set(uploads.map((one) => one.UploadId)))
  const names: (string | undefined)[] = []
  let next: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
  for (let more = true; more; ) {
    const page = await s3.listMultipartUploads({ Bucket, Delimiter: '/', MaxUploads: 1, ...next })
    names.push(...(page.Uploads ?? []).map((one) => one.Key), ...(page.CommonPrefixes ?? []).map((one) => one.Prefix))
    next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    more = page.IsTruncated === true && names.length < 9
  }
  expect(names).toEqual(['a', 'a', 'b/', 'c'])
  const { UploadId } = uploads[4]!
  const Body = LAST
  for (const PartNumber of [3, 1, 20]) await s3.uploadPart({ Bucket, Key: 'c', UploadId, PartNumber, Body })
  const parts = await s3.listParts({ Bucket, Key: 'c', UploadId, MaxParts: 2 })
  expect(parts).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '3' })
  expect(parts.Parts).toMatchObject([{ PartNumber: 1, Size: 100, ETag: expect.any(String) }, { PartNumber: 3 }])
  expect((await s3.listParts({ Bucket, Key: 'c', UploadId, PartNumberMarker: '3' })).Parts).toMatchObject([
    { PartNumber: 20 },
  ])
})

test('an upload outlives the daemon; what is aborted, replaced, left out or refused leaves the disk', async () => {
  const kept = await begin()
  await send(kept.UploadId, 1, LAST)
  const before = (await files()).length
  const gone = await begin()
  for (let i = 0; i < 3; i++) await send(gone.UploadId, 1, LAST)
  await send(gone.UploadId, 2, SECOND)
  await s3.abortMultipartUpload({ Bucket, Key, UploadId: gone.UploadId })
  await expect(send(gone.UploadId, 3, LAST)).rejects.toMatchObject({ name: 'NoSuchUpload' })
  const wrong = s3.uploadPart({
    Bucket,
    Key,
    UploadId: kept.UploadId,
    PartNumber: 2,
    Body: LAST,
    ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==',
  })
  await expect(wrong).rejects.toMatchObject({ name: 'BadDigest' })
  await s3.putObject({ Bucket, Key: 'next', Body: 'x' }) // what goes, goes with the commit after
  expect((await files()).length - before).toBe(1)
  // As the next daemon finds it.
  const { state } = await CloudStore.open<CloudState>(`${server.dir}/state.json`, () => ({}) as CloudState)
  await new BlobStore(`${server.dir}/objects`).sweep(referencedFiles(state.s3))
  const { Parts = [] } = await s3.listParts({ Bucket, Key, UploadId: kept.UploadId })
  await complete(kept.UploadId, Parts)
  expect((await bytes()).equals(LAST)).toBe(true)
})
