import { checksumHeaders } from '../../auth/checksums.js'
import type { CloudResponse } from '../../cloud.js'
import type { StoredBytes } from '../blobs.js'
import { quoted, type S3Context } from '../context.js'
import { copySource } from '../copy-object.js'
import { invalidArgument } from '../errors.js'
import { checksumAnswer, storedBody, wholeSeconds } from '../objects.js'
import { type PartRecord, piecesOf } from '../state.js'
import { xmlAnswer } from '../xml.js'
import { findUpload } from './upload.js'

/** Source: S3 user guide, "Amazon S3 multipart upload limits". */
export const MAX_PARTS = 10_000

/** Source: S3 API reference, UploadPart. */
export async function uploadPart(context: S3Context): Promise<CloudResponse> {
  const number = partNumber(context)
  findUpload(context) // before megabytes are kept for nothing
  const part = await storePart(context, number, await storedBody(context), checksumHeaders(context.request.headers))
  return { status: 200, headers: { etag: quoted(part.etag), ...sumsOf(part) }, body: '' }
}

/** Source: S3 API reference, UploadPartCopy. */
export async function uploadPartCopy(context: S3Context): Promise<CloudResponse> {
  const number = partNumber(context)
  findUpload(context)
  const { source } = copySource(context)
  const { start, end } = copyRange(context.request.headers['x-amz-copy-source-range'], source.size)
  const bytes = await context.blobs.write(await context.blobs.read(piecesOf(source), start, end))
  const part = await storePart(context, number, bytes, {})
  return xmlAnswer('CopyPartResult', [
    ['LastModified', part.modified],
    ['ETag', quoted(part.etag)],
  ])
}

/** A part sent again takes the place of the one before. */
async function storePart(
  context: S3Context,
  number: number,
  { md5, ...piece }: StoredBytes,
  checksums: Record<string, string>,
): Promise<PartRecord> {
  const { blobs, cloud } = context
  const part: PartRecord = { ...piece, etag: md5, modified: wholeSeconds(cloud.now()), checksums }
  let replaced: PartRecord | undefined
  try {
    const { parts } = findUpload(context) // may have ended while we wrote
    replaced = parts[number]
    parts[number] = part
  } catch (error) {
    await blobs.drop(piece.file)
    throw error
  }
  await blobs.discardAfter(() => cloud.commit(), replaced ? [replaced.file] : [])
  return part
}

function partNumber({ request }: S3Context): number {
  const text = request.query.get('partNumber') ?? ''
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= 1 && number <= MAX_PARTS) return number
  throw invalidArgument('partNumber', text, `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`)
}

/** Unlike that of a read, it has to lie in the object, with both ends given. */
function copyRange(header: string | undefined, size: number): { start: number; end: number } {
  if (header === undefined) return { start: 0, end: size }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? []
  const [start, end] = [Number(first), Number(last) + 1]
  if (start < end && end <= size) return { start, end }
  const message =
    first === undefined
      ? 'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy'
      : `Range specified is not valid for source object of size: ${size}`
  throw invalidArgument('x-amz-copy-source-range', header, message)
}

function sumsOf({ checksums }: PartRecord): Record<string, string> {
  const { 'x-amz-checksum-type': _ofWhole, ...sums } = checksumAnswer({ checksums })
  return sums
}
