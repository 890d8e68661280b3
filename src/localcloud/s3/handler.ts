import { randomUUID } from 'node:crypto'
import type { Cloud, CloudRequest, CloudResponse, ServiceHandler } from '../cloud.js'
import { errorResponse } from '../server/error-response.js'
import type { BlobStore } from './blobs.js'
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets.js'
import type { S3Context } from './context.js'
import { copyObject } from './copy-object.js'
import { deleteObjects } from './delete-objects.js'
import { notImplemented, S3Error } from './errors.js'
import { listObjects, listObjectsV2 } from './list-objects.js'
import { completeMultipartUpload } from './multipart/complete.js'
import { listMultipartUploads, listParts } from './multipart/list.js'
import { uploadPart, uploadPartCopy } from './multipart/parts.js'
import { abortMultipartUpload, createMultipartUpload } from './multipart/upload.js'
import { deleteObject, getObject, putObject } from './objects.js'

type Action = (context: S3Context) => Promise<CloudResponse>

/** S3 as REST and XML, path style. Bytes of objects go through `blobs`. */
export function s3Handler(blobs: BlobStore): ServiceHandler {
  return async (request, cloud) => {
    try {
      const context = contextOf(request, cloud, blobs)
      return await actionOf(context)(context)
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      const answer = errorResponse('s3', error, randomUUID())
      return { ...answer, headers: { ...answer.headers, ...error.headers } }
    }
  }
}

function contextOf(request: CloudRequest, cloud: Cloud, blobs: BlobStore): S3Context {
  const slash = request.path.indexOf('/', 1)
  const [bucket, key] =
    slash < 0 ? [request.path.slice(1), ''] : [request.path.slice(1, slash), request.path.slice(slash + 1)]
  return { request, cloud, blobs, bucketName: decodeURIComponent(bucket), key: decodeURIComponent(key) }
}

function actionOf(context: S3Context): Action {
  const { request, bucketName, key } = context
  const multipart = multipartAction(context)
  if (multipart) return multipart
  for (const name of request.query.keys()) if (SUBRESOURCES.has(name)) throw notImplemented(`'?${name}'`)
  if (bucketName === '') return pick(request, 'service', { GET: listBuckets })
  if (key !== '') {
    const put = request.headers['x-amz-copy-source'] === undefined ? putObject : copyObject
    return pick(request, 'object', { GET: getObject, HEAD: getObject, PUT: put, DELETE: deleteObject })
  }
  const list = request.query.get('list-type') === '2' ? listObjectsV2 : listObjects
  return pick(request, 'bucket', {
    GET: request.query.has('location') ? getBucketLocation : list,
    HEAD: headBucket,
    PUT: createBucket,
    DELETE: deleteBucket,
    ...(request.query.has('delete') ? { POST: deleteObjects } : {}),
  })
}

/** `uploads` and `uploadId` in a query make it one of these. */
function multipartAction({ request, bucketName, key }: S3Context): Action | undefined {
  const { query } = request
  if (bucketName !== '' && query.has('uploads')) {
    if (key !== '') return pick(request, 'upload', { POST: createMultipartUpload })
    return pick(request, 'uploads', { GET: listMultipartUploads })
  }
  if (key === '' || !query.has('uploadId')) return undefined
  return pick(request, 'upload', {
    GET: listParts,
    PUT: request.headers['x-amz-copy-source'] === undefined ? uploadPart : uploadPartCopy,
    POST: completeMultipartUpload,
    DELETE: abortMultipartUpload,
  })
}

function pick(request: CloudRequest, resource: string, actions: Readonly<Record<string, Action>>): Action {
  const action = actions[request.method]
  if (action) return action
  throw new S3Error('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.', {
    Method: request.method,
    ResourceType: resource.toUpperCase(),
  })
}

/** What S3 has and this one has not: an answer about the bucket itself would be taken for one about these. */
const SUBRESOURCES = new Set(
  (
    'accelerate acl analytics attributes cors encryption intelligent-tiering inventory legal-hold lifecycle logging ' +
    'metadataTable metrics notification object-lock ownershipControls partNumber policy policyStatus ' +
    'publicAccessBlock replication requestPayment restore retention select tagging torrent uploadId uploads ' +
    'versionId versioning versions website'
  ).split(' '),
)
