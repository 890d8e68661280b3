import type { CloudResponse } from '../cloud.js'
import { bucketOf, quoted, type S3Context } from './context.js'
import { invalidArgument } from './errors.js'
import { type BucketRecord, type ObjectRecord, objectSlot, slotKey } from './state.js'
import { type XmlElement, xmlAnswer } from './xml.js'

/** Source: S3 API reference, ListObjectsV2. Keys come in the order of their UTF-8 bytes. */
export async function listObjectsV2(context: S3Context): Promise<CloudResponse> {
  const { query } = context.request
  const asked = parseQuery(query)
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const after = token === null ? (startAfter ?? '') : decodeToken(token)
  const page = pageOf(bucketOf(context), asked, after)
  const owner: XmlElement[] = query.get('fetch-owner') === 'true' ? [['Owner', [['ID', context.cloud.accountId]]]] : []
  return xmlAnswer('ListBucketResult', [
    ['Name', context.bucketName],
    ['Prefix', asked.encode(asked.prefix)],
    ['StartAfter', startAfter === null ? undefined : asked.encode(startAfter)],
    ['ContinuationToken', token ?? undefined],
    ['NextContinuationToken', page.next === undefined ? undefined : encodeToken(page.next)],
    ['KeyCount', page.items.length],
    ...commonElements(asked, page),
    ...itemElements(asked, page, owner),
  ])
}

/** The older form, by marker. */
export async function listObjects(context: S3Context): Promise<CloudResponse> {
  const { query } = context.request
  const asked = parseQuery(query)
  const marker = query.get('marker') ?? ''
  const page = pageOf(bucketOf(context), asked, marker)
  // S3 names the next marker only when a delimiter makes it differ from the last key.
  const next = page.next !== undefined && asked.delimiter !== '' ? asked.encode(page.next) : undefined
  return xmlAnswer('ListBucketResult', [
    ['Name', context.bucketName],
    ['Prefix', asked.encode(asked.prefix)],
    ['Marker', asked.encode(marker)],
    ['NextMarker', next],
    ...commonElements(asked, page),
    ...itemElements(asked, page, [['Owner', [['ID', context.cloud.accountId]]]]),
  ])
}

interface Asked {
  readonly prefix: string
  readonly delimiter: string
  readonly maxKeys: number
  readonly encodingType: string | undefined
  encode(text: string): string
}

interface Page {
  /** In order: objects, and common prefixes without one. */
  readonly items: readonly { readonly name: string; readonly object?: ObjectRecord }[]
  /** The last name of a page that is not the last page. */
  readonly next: string | undefined
}

function parseQuery(query: URLSearchParams): Asked {
  const encodingType = query.get('encoding-type') ?? undefined
  if (encodingType !== undefined && encodingType !== 'url') {
    throw invalidArgument('encoding-type', encodingType, 'Invalid Encoding Method specified in Request')
  }
  const max = query.get('max-keys') ?? '1000'
  if (!/^\d{1,10}$/.test(max)) throw invalidArgument('max-keys', max, 'Argument maxKeys must be an integer')
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    maxKeys: Math.min(Number(max), 1000),
    encodingType,
    encode: encodingType ? urlEncode : (text) => text,
  }
}

/** Names after `after`: each common prefix once, where its first key stands. */
function pageOf(bucket: BucketRecord, asked: Asked, after: string): Page {
  const items: { name: string; object?: ObjectRecord }[] = []
  if (asked.maxKeys === 0) return { items, next: undefined }
  let folded: string | undefined
  for (const key of sortedKeys(bucket)) {
    if (!key.startsWith(asked.prefix)) continue
    const cut = asked.delimiter === '' ? -1 : key.indexOf(asked.delimiter, asked.prefix.length)
    const name = cut < 0 ? key : key.slice(0, cut + asked.delimiter.length)
    // A page that ended at a common prefix goes on behind all keys below it.
    if (name === folded || name === after || compareBytes(key, after) <= 0) continue
    if (items.length === asked.maxKeys) return { items, next: items.at(-1)!.name }
    folded = cut < 0 ? undefined : name
    items.push(cut < 0 ? { name, object: bucket.objects[objectSlot(key)]! } : { name })
  }
  return { items, next: undefined }
}

function commonElements(asked: Asked, page: Page): XmlElement[] {
  return [
    ['MaxKeys', asked.maxKeys],
    ['Delimiter', asked.delimiter === '' ? undefined : asked.encode(asked.delimiter)],
    ['EncodingType', asked.encodingType],
    ['IsTruncated', page.next !== undefined],
  ]
}

function itemElements(asked: Asked, page: Page, owner: readonly XmlElement[]): XmlElement[] {
  const contents = page.items.flatMap(({ name, object }): XmlElement[] =>
    object ? [['Contents', contentElements(asked.encode(name), object, owner)]] : [],
  )
  const prefixes = page.items.flatMap(({ name, object }): XmlElement[] =>
    object ? [] : [['CommonPrefixes', [['Prefix', asked.encode(name)]]]],
  )
  return [...contents, ...prefixes]
}

function contentElements(name: string, object: ObjectRecord, owner: readonly XmlElement[]): XmlElement[] {
  const algorithms = Object.keys(object.checksums).map((a): XmlElement => ['ChecksumAlgorithm', a.toUpperCase()])
  return [
    ['Key', name],
    ['LastModified', object.modified],
    ['ETag', quoted(object.etag)],
    ...algorithms,
    ['ChecksumType', algorithms.length > 0 ? (object.checksumType ?? 'FULL_OBJECT') : undefined],
    ['Size', object.size],
    ...owner,
    ['StorageClass', 'STANDARD'],
  ]
}

function sortedKeys(bucket: BucketRecord): string[] {
  return Object.keys(bucket.objects).map(slotKey).sort(compareBytes)
}

/** Order of UTF-8 bytes; that of UTF-16 units differs beyond U+FFFF. */
function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
  }
  return a.length - b.length
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff

/** As S3 does for encoding-type=url: slashes stay. */
function urlEncode(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/')
}

const encodeToken = (name: string) => Buffer.from(name).toString('base64url')

function decodeToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString('utf8')
  if (token === '' || encodeToken(name) !== token) {
    throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect')
  }
  return name
}
