import { createHash } from 'node:crypto'
import { checksumHeaders } from '../../auth/checksums.js'
import type { CloudResponse } from '../../cloud.js'
import { checkWriteConditions } from '../conditions.js'
import { bucketOf, quoted, type S3Context } from '../context.js'
import { malformedXml, S3Error } from '../errors.js'
import { wholeSeconds } from '../objects.js'
import { filesOf, type ObjectRecord, objectSlot, type PartRecord, partFiles, type UploadRecord } from '../state.js'
import { elementTexts, unescapeXml, xmlAnswer } from '../xml.js'
import { objectChecksums } from './object-checksums.js'
import { MAX_PARTS } from './parts.js'
import { findUpload, uploadId } from './upload.js'

/** Bytes of every part but the last, at least. Source: S3 user guide, "Amazon S3 multipart upload limits". */
const MIN_PART = 5 * 1024 * 1024

/**
 * The parts become an object as they are, without being copied; those not named go.
 * Source: S3 API reference, CompleteMultipartUpload.
 */
export async function completeMultipartUpload(context: S3Context): Promise<CloudResponse> {
  const { blobs, cloud, request, key, bucketName } = context
  const upload = findUpload(context)
  const parts = namedParts(Buffer.from(request.body).toString('utf8'), upload)
  const sums = await objectChecksums(blobs, upload, parts)
  checkChecksum(checksumHeaders(request.headers), sums.checksums)
  const object: ObjectRecord = {
    pieces: parts.map(({ file, size }) => ({ file, size })),
    size: parts.reduce((sum, { size }) => sum + size, 0),
    etag: `${createHash('md5')
      .update(parts.map(({ etag }) => etag).join(''), 'hex')
      .digest('hex')}-${parts.length}`,
    modified: wholeSeconds(cloud.now()),
    headers: upload.headers,
    metadata: upload.metadata,
    ...sums,
  }
  const replaced = replaceBy(context, upload, parts, object)
  const used = new Set(filesOf(object))
  const unused = partFiles(upload).filter((file) => !used.has(file))
  await blobs.discardAfter(() => cloud.commit(), [...filesOf(replaced), ...unused])
  const named = Object.entries(object.checksums).map(([name, sum]) => [`Checksum${name.toUpperCase()}`, sum] as const)
  return xmlAnswer('CompleteMultipartUploadResult', [
    ['Location', `/${bucketName}/${key}`],
    ['Bucket', bucketName],
    ['Key', key],
    ['ETag', quoted(object.etag)],
    ...named,
    ['ChecksumType', named.length > 0 ? (object.checksumType ?? 'FULL_OBJECT') : undefined],
  ])
}

/** Without a pause: a rival may have ended the upload, or sent a part again, while checksums were computed. */
function replaceBy(
  context: S3Context,
  upload: UploadRecord,
  parts: readonly PartRecord[],
  object: ObjectRecord,
): ObjectRecord | undefined {
  const bucket = bucketOf(context)
  if (findUpload(context) !== upload || !parts.every((part) => Object.values(upload.parts).includes(part))) {
    throw invalidPart({ UploadId: uploadId(context) })
  }
  const replaced = bucket.objects[objectSlot(context.key)]
  checkWriteConditions(context.request.headers, replaced, context.key)
  bucket.objects[objectSlot(context.key)] = object
  delete bucket.uploads![uploadId(context)]
  return replaced
}

/** @throws S3Error MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall */
function namedParts(xml: string, upload: UploadRecord): PartRecord[] {
  const named = elementTexts(xml, 'Part').map(readPart)
  if (named.length === 0 || named.length > MAX_PARTS) throw malformedXml()
  if (named.some(({ number }, i) => i > 0 && number <= named[i - 1]!.number)) {
    const message = 'The list of parts was not in ascending order. Parts must be ordered by part number.'
    throw new S3Error('InvalidPartOrder', 400, message)
  }
  return named.map(({ number, etag, checksums }, i) => {
    const part = upload.parts[number]
    const same = (name: string) => part?.checksums[name] === undefined || part.checksums[name] === checksums[name]
    if (part?.etag !== etag || !Object.keys(checksums).every(same)) {
      throw invalidPart({ PartNumber: String(number), ETag: etag })
    }
    if (i < named.length - 1 && part.size < MIN_PART) throw tooSmall(part, number)
    return part
  })
}

function readPart(xml: string): { number: number; etag: string; checksums: Record<string, string> } {
  const number = elementTexts(xml, 'PartNumber')[0]?.trim() ?? ''
  const etag = unescapeXml(elementTexts(xml, 'ETag')[0]?.trim() ?? '').replace(/^"(.*)"$/, '$1')
  if (!/^\d{1,9}$/.test(number) || etag === '') throw malformedXml()
  const checksums = [...xml.matchAll(/<Checksum([A-Z0-9]+)>([^<]*)</g)].map(([, name = '', sum = '']) => [
    name.toLowerCase(),
    sum.trim(),
  ])
  return { number: Number(number), etag, checksums: Object.fromEntries(checksums) }
}

function checkChecksum(sent: Readonly<Record<string, string>>, computed: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(sent)) {
    if (computed[name] === undefined || computed[name] === value || computed[name]?.startsWith(`${value}-`)) continue
    const message = `The ${name} you specified did not match the calculated checksum.`
    throw new S3Error('BadDigest', 400, message)
  }
}

const tooSmall = ({ size, etag }: PartRecord, number: number) =>
  new S3Error('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum allowed size', {
    ProposedSize: String(size),
    MinSizeAllowed: String(MIN_PART),
    PartNumber: String(number),
    ETag: etag,
  })

const invalidPart = (details: Record<string, string>) =>
  new S3Error(
    'InvalidPart',
    400,
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    details,
  )
