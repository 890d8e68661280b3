import { randomBytes } from 'node:crypto'
import type { CloudResponse } from '../../cloud.js'
import { bucketOf, checkKey, type S3Context } from '../context.js'
import { invalidArgument, S3Error } from '../errors.js'
import { contentHeaders, userMetadata } from '../objects.js'
import { partFiles, type UploadRecord } from '../state.js'
import { xmlAnswer } from '../xml.js'

/** Source: S3 API reference, CreateMultipartUpload. */
export async function createMultipartUpload(context: S3Context): Promise<CloudResponse> {
  const { cloud, request, key, bucketName } = context
  checkKey(key)
  const algorithm = request.headers['x-amz-checksum-algorithm']?.toLowerCase()
  const type = checksumType(algorithm, request.headers['x-amz-checksum-type'])
  const id = randomBytes(32).toString('base64url')
  const uploads = (bucketOf(context).uploads ??= {})
  uploads[id] = {
    key,
    initiated: cloud.now().toISOString(),
    headers: contentHeaders(request.headers),
    metadata: userMetadata(request.headers),
    ...(algorithm && type ? { checksumAlgorithm: algorithm, checksumType: type } : {}),
    parts: {},
  }
  await cloud.commit()
  const checksums = algorithm &&
    type && { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type }
  return xmlAnswer(
    'InitiateMultipartUploadResult',
    [
      ['Bucket', bucketName],
      ['Key', key],
      ['UploadId', id],
    ],
    checksums || {},
  )
}

/** Source: S3 API reference, AbortMultipartUpload. */
export async function abortMultipartUpload(context: S3Context): Promise<CloudResponse> {
  const upload = findUpload(context)
  delete bucketOf(context).uploads![uploadId(context)]
  await context.blobs.discardAfter(() => context.cloud.commit(), partFiles(upload))
  return { status: 204, headers: {}, body: '' }
}

export const uploadId = ({ request }: S3Context) => request.query.get('uploadId') ?? ''

/** @throws S3Error NoSuchUpload, also for that of another key */
export function findUpload(context: S3Context): UploadRecord {
  const uploads = bucketOf(context).uploads ?? {}
  const id = uploadId(context)
  const upload = Object.hasOwn(uploads, id) ? uploads[id] : undefined
  if (upload?.key === context.key) return upload
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.'
  throw new S3Error('NoSuchUpload', 404, message, { UploadId: id })
}

/**
 * What the checksum of the whole will be of: its bytes, or the checksums of its parts.
 * Source: S3 user guide, "Checking object integrity", full object and composite checksum types.
 */
function checksumType(algorithm: string | undefined, asked: string | undefined): UploadRecord['checksumType'] {
  if (algorithm === undefined) return undefined
  const types = TYPES[algorithm]
  if (!types) throw invalidArgument('x-amz-checksum-algorithm', algorithm)
  const type = types.find((one) => one === (asked?.toUpperCase() ?? types[0]))
  if (type) return type
  const message = `The ${asked} checksum type cannot be used with the ${algorithm} checksum algorithm.`
  throw new S3Error('InvalidRequest', 400, message)
}

const TYPES: Readonly<Record<string, readonly ('COMPOSITE' | 'FULL_OBJECT')[]>> = {
  crc32: ['COMPOSITE', 'FULL_OBJECT'],
  crc32c: ['COMPOSITE', 'FULL_OBJECT'],
  crc64nvme: ['FULL_OBJECT'],
  sha1: ['COMPOSITE'],
  sha256: ['COMPOSITE'],
}
