import { checksumHeaders } from '../auth/checksums.js'
import type { CloudResponse } from '../cloud.js'
import type { StoredBytes } from './blobs.js'
import { checkReadConditions, checkWriteConditions } from './conditions.js'
import { bucketOf, checkKey, findObject, quoted, type S3Context } from './context.js'
import { invalidArgument, S3Error } from './errors.js'
import { parseRange } from './range.js'
import { filesOf, type ObjectRecord, objectSlot, piecesOf } from './state.js'

export async function putObject(context: S3Context): Promise<CloudResponse> {
  const { request, key } = context
  checkKey(key)
  bucketOf(context) // before megabytes are written for nothing
  const { md5, ...piece } = await storedBody(context)
  const object = await storeObject(context, {
    ...piece,
    etag: md5,
    modified: wholeSeconds(context.cloud.now()),
    headers: contentHeaders(request.headers),
    metadata: userMetadata(request.headers),
    checksums: checksumHeaders(request.headers),
  })
  return {
    status: 200,
    headers: { etag: quoted(object.etag), ...checksumAnswer(object), 'x-amz-object-size': String(object.size) },
    body: '',
  }
}

/** The body of a request as a file, which is on the disk. */
export async function storedBody({ request, blobs }: S3Context): Promise<StoredBytes> {
  const { spooled } = request
  if (spooled) return { file: await spooled.file.keep(), size: spooled.size, md5: spooled.md5 }
  return blobs.write([request.body])
}

/** Bytes first, then the state that refers to them, then the answer. */
export async function storeObject(context: S3Context, object: ObjectRecord): Promise<ObjectRecord> {
  const { cloud, key, blobs, request } = context
  let replaced: ObjectRecord | undefined
  try {
    // Only now, without a pause in between: the bucket may have gone and a rival may have come while we wrote.
    const bucket = bucketOf(context)
    replaced = bucket.objects[objectSlot(key)]
    checkWriteConditions(request.headers, replaced, key)
    bucket.objects[objectSlot(key)] = object
  } catch (error) {
    for (const file of filesOf(object)) await blobs.drop(file)
    throw error
  }
  await blobs.discardAfter(() => cloud.commit(), filesOf(replaced))
  return object
}

export async function getObject(context: S3Context): Promise<CloudResponse> {
  const object = findObject(bucketOf(context), context.key)
  checkReadConditions(context.request.headers, object)
  const range = parseRange(context.request.headers.range, object.size)
  const { start, end } = range ?? { start: 0, end: object.size }
  const headers = { ...objectHeaders(object, context, range === undefined), ...responseOverrides(context) }
  const body = context.request.method === 'HEAD' ? '' : await context.blobs.read(piecesOf(object), start, end)
  return {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      'content-length': String(end - start),
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${object.size}` } : {}),
    },
    body,
  }
}

/** Deleting what is not there is no error in S3. */
export async function deleteObject(context: S3Context): Promise<CloudResponse> {
  const bucket = bucketOf(context)
  const object = bucket.objects[objectSlot(context.key)]
  if (object) {
    delete bucket.objects[objectSlot(context.key)]
    await context.blobs.discardAfter(() => context.cloud.commit(), filesOf(object))
  }
  return { status: 204, headers: {}, body: '' }
}

export function contentHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': headers['content-type'] ?? 'binary/octet-stream' }
  for (const name of CONTENT_HEADERS) if (headers[name] !== undefined) kept[name] = headers[name]
  return kept
}

/** @throws S3Error MetadataTooLarge above 2 KB */
export function userMetadata(headers: Readonly<Record<string, string>>): Record<string, string> {
  const metadata: Record<string, string> = {}
  let size = 0
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(META)) continue
    metadata[name.slice(META.length)] = value
    size += Buffer.byteLength(name) - META.length + Buffer.byteLength(value)
  }
  if (size <= 2048) return metadata
  throw new S3Error('MetadataTooLarge', 400, 'Your metadata headers exceed the maximum allowed metadata size', {
    Size: String(size),
    MaxSizeAllowed: '2048',
  })
}

export const wholeSeconds = (date: Date) => new Date(Math.floor(date.getTime() / 1000) * 1000).toISOString()

/** A checksum is of the whole object: a part of it is sent without. */
function objectHeaders(object: ObjectRecord, { request }: S3Context, whole: boolean): Record<string, string> {
  const metadata = Object.entries(object.metadata).map(([name, value]) => [META + name, value] as const)
  const wanted = whole && request.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED'
  return {
    ...object.headers,
    ...Object.fromEntries(metadata),
    ...(wanted ? checksumAnswer(object) : {}),
    'accept-ranges': 'bytes',
    etag: quoted(object.etag),
    'last-modified': new Date(object.modified).toUTCString(),
  }
}

export function checksumAnswer(object: Pick<ObjectRecord, 'checksums' | 'checksumType'>): Record<string, string> {
  const sums = Object.entries(object.checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value] as const)
  return sums.length === 0
    ? {}
    : { ...Object.fromEntries(sums), 'x-amz-checksum-type': object.checksumType ?? 'FULL_OBJECT' }
}

/** response-content-type=... of a query, mostly of presigned ones. */
function responseOverrides({ request }: S3Context): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of ['content-type', ...CONTENT_HEADERS]) {
    const value = request.query.get(`response-${name}`)
    if (value === null) continue
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw invalidArgument(`response-${name}`, value)
    headers[name] = value
  }
  return headers
}

const META = 'x-amz-meta-'
const CONTENT_HEADERS = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']
