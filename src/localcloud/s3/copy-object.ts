import type { CloudResponse } from '../cloud.js'
import { checkCopyConditions } from './conditions.js'
import { bucketOf, checkKey, findBucket, findObject, quoted, type S3Context } from './context.js'
import { invalidArgument, S3Error } from './errors.js'
import { contentHeaders, storeObject, userMetadata, wholeSeconds } from './objects.js'
import { type ObjectRecord, piecesOf } from './state.js'
import { xmlAnswer } from './xml.js'

/** Source: S3 API reference, CopyObject. */
export async function copyObject(context: S3Context): Promise<CloudResponse> {
  const { cloud, request, key, blobs, bucketName } = context
  checkKey(key)
  bucketOf(context)
  const { from, source } = copySource(context)
  const directive = request.headers['x-amz-metadata-directive'] ?? 'COPY'
  if (directive !== 'COPY' && directive !== 'REPLACE') throw invalidArgument('x-amz-metadata-directive', directive)
  if (directive === 'COPY' && from.bucket === bucketName && from.key === key) {
    const message =
      'This copy request is illegal because it is trying to copy an object to itself without changing ' +
      "the object's metadata, storage class, website redirect location or encryption attributes."
    throw new S3Error('InvalidRequest', 400, message)
  }
  const about =
    directive === 'COPY'
      ? { headers: source.headers, metadata: source.metadata }
      : { headers: contentHeaders(request.headers), metadata: userMetadata(request.headers) }
  const { md5, ...piece } = await blobs.write(await blobs.read(piecesOf(source), 0, source.size))
  const checksums = source.checksumType === 'COMPOSITE' ? {} : source.checksums
  const modified = wholeSeconds(cloud.now())
  const object = await storeObject(context, { ...piece, etag: md5, modified, ...about, checksums })
  return xmlAnswer('CopyObjectResult', [
    ['LastModified', object.modified],
    ['ETag', quoted(object.etag)],
  ])
}

/** The object a copy is made of. @throws S3Error */
export function copySource({ cloud, request }: S3Context): {
  from: { bucket: string; key: string }
  source: ObjectRecord
} {
  const from = parseSource(request.headers['x-amz-copy-source'] ?? '')
  const source = findObject(findBucket(cloud, from.bucket), from.key)
  checkCopyConditions(request.headers, source)
  return { from, source }
}

/** `bucket/key` or `/bucket/key`, percent-encoded. */
function parseSource(header: string): { bucket: string; key: string } {
  const [path, query] = header.split('?')
  const text = decodeURIComponent(path ?? '').replace(/^\//, '')
  const slash = text.indexOf('/')
  if (slash < 1 || slash === text.length - 1) throw invalidArgument('x-amz-copy-source', header)
  if (query?.startsWith('versionId=')) throw invalidArgument('x-amz-copy-source', header, 'There are no versions here.')
  return { bucket: text.slice(0, slash), key: text.slice(slash + 1) }
}
