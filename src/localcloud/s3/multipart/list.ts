import type { CloudResponse } from '../../cloud.js'
import { bucketOf, quoted, type S3Context } from '../context.js'
import { invalidArgument } from '../errors.js'
import type { UploadRecord } from '../state.js'
import { type XmlElement, xmlAnswer } from '../xml.js'
import { findUpload, uploadId } from './upload.js'

/** Source: S3 API reference, ListParts. */
export async function listParts(context: S3Context): Promise<CloudResponse> {
  const { request, bucketName, key, cloud } = context
  const upload = findUpload(context)
  const marker = count(request.query, 'part-number-marker', 0)
  const max = Math.min(count(request.query, 'max-parts', 1000), 1000)
  const after = Object.entries(upload.parts)
    .map(([number, part]) => ({ number: Number(number), part }))
    .filter(({ number }) => number > marker)
    .sort((a, b) => a.number - b.number)
  const page = after.slice(0, max)
  return xmlAnswer('ListPartsResult', [
    ['Bucket', bucketName],
    ['Key', key],
    ['UploadId', uploadId(context)],
    ['PartNumberMarker', marker],
    ['NextPartNumberMarker', page.at(-1)?.number ?? marker],
    ['MaxParts', max],
    ['IsTruncated', after.length > page.length],
    ...page.map(
      ({ number, part }): XmlElement => [
        'Part',
        [
          ['PartNumber', number],
          ['LastModified', part.modified],
          ['ETag', quoted(part.etag)],
          ['Size', part.size],
          ...Object.entries(part.checksums).map(([name, sum]): XmlElement => [`Checksum${name.toUpperCase()}`, sum]),
        ],
      ],
    ),
    ...owners(cloud.accountId),
    ['StorageClass', 'STANDARD'],
    ...checksumElements(upload),
  ])
}

/** Ordered by key, those of one key by age. Source: S3 API reference, ListMultipartUploads. */
export async function listMultipartUploads(context: S3Context): Promise<CloudResponse> {
  const { bucketName, cloud } = context
  const { query } = context.request
  const encode = encoding(query)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const max = Math.min(count(query, 'max-uploads', 1000), 1000)
  const items = folded(after(uploadsOf(context, prefix), query), prefix, delimiter)
  const page = items.slice(0, max)
  const more = items.length > page.length
  const last = page.at(-1)
  return xmlAnswer('ListMultipartUploadsResult', [
    ['Bucket', bucketName],
    ['KeyMarker', encode(query.get('key-marker') ?? '')],
    ['UploadIdMarker', query.get('upload-id-marker') ?? ''],
    ['NextKeyMarker', more && last ? encode(last.name) : undefined],
    ['NextUploadIdMarker', more && last?.upload ? last.id : undefined],
    ['Prefix', encode(prefix)],
    ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
    ['EncodingType', query.get('encoding-type') ?? undefined],
    ['MaxUploads', max],
    ['IsTruncated', more],
    ...page.flatMap(({ id, upload }): XmlElement[] =>
      upload
        ? [
            [
              'Upload',
              [
                ['Key', encode(upload.key)],
                ['UploadId', id],
                ...owners(cloud.accountId),
                ['StorageClass', 'STANDARD'],
                ['Initiated', upload.initiated],
                ...checksumElements(upload),
              ],
            ],
          ]
        : [],
    ),
    ...page.flatMap(({ name, upload }): XmlElement[] =>
      upload ? [] : [['CommonPrefixes', [['Prefix', encode(name)]]]],
    ),
  ])
}

interface Item {
  readonly name: string
  readonly id: string
  /** Missing: a common prefix. */
  readonly upload?: UploadRecord
}

function uploadsOf(context: S3Context, prefix: string): Required<Item>[] {
  return Object.entries(bucketOf(context).uploads ?? {})
    .map(([id, upload]) => ({ name: upload.key, id, upload }))
    .filter(({ name }) => name.startsWith(prefix))
    .sort((a, b) => compare(a.name, b.name) || compare(a.upload.initiated, b.upload.initiated) || compare(a.id, b.id))
}

/** Behind the markers: a key alone skips all of its uploads and, where it is a common prefix, all below it. */
function after(uploads: Required<Item>[], query: URLSearchParams): Required<Item>[] {
  const key = query.get('key-marker') ?? ''
  const id = query.get('upload-id-marker') ?? ''
  if (key === '') return uploads
  const prefix = (query.get('delimiter') ?? '') !== '' && key.endsWith(query.get('delimiter')!) ? key : undefined
  const at = id === '' ? -1 : uploads.findIndex((one) => one.name === key && one.id === id)
  if (at >= 0) return uploads.slice(at + 1)
  return uploads.filter(({ name }) => compare(name, key) > 0 && (prefix === undefined || !name.startsWith(prefix)))
}

function folded(uploads: readonly Required<Item>[], prefix: string, delimiter: string): Item[] {
  const items: Item[] = []
  for (const one of uploads) {
    const cut = delimiter === '' ? -1 : one.name.indexOf(delimiter, prefix.length)
    const name = one.name.slice(0, cut + delimiter.length)
    if (cut < 0) items.push(one)
    else if (items.at(-1)?.name !== name || items.at(-1)?.upload) items.push({ name, id: '' })
  }
  return items
}

function encoding(query: URLSearchParams): (text: string) => string {
  const type = query.get('encoding-type')
  if (type === null) return (text) => text
  if (type !== 'url') throw invalidArgument('encoding-type', type, 'Invalid Encoding Method specified in Request')
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/')
}

function count(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name)
  if (text === null || text === '') return otherwise
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw invalidArgument(name, text, `Argument ${name} must be an integer between 0 and 2147483647`)
}

const owners = (id: string): XmlElement[] => [
  ['Initiator', [['ID', id]]],
  ['Owner', [['ID', id]]],
]

const checksumElements = ({ checksumAlgorithm, checksumType }: UploadRecord): XmlElement[] => [
  ['ChecksumAlgorithm', checksumAlgorithm?.toUpperCase()],
  ['ChecksumType', checksumType],
]

/** Order of UTF-8 bytes. */
const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
