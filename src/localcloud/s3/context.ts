import type { Cloud, CloudRequest } from '../cloud.js'
import type { BlobStore } from './blobs.js'
import { noSuchBucket, noSuchKey, S3Error } from './errors.js'
import { type BucketRecord, type ObjectRecord, objectSlot } from './state.js'

/** One request to S3, taken apart: path style, /bucket/key. */
export interface S3Context {
  readonly request: CloudRequest
  readonly cloud: Cloud
  readonly blobs: BlobStore
  readonly bucketName: string
  readonly key: string
}

export function bucketOf({ cloud, bucketName }: S3Context): BucketRecord {
  return findBucket(cloud, bucketName)
}

export function findBucket(cloud: Cloud, name: string): BucketRecord {
  const { buckets } = cloud.state.s3
  const bucket = Object.hasOwn(buckets, name) ? buckets[name] : undefined
  if (!bucket) throw noSuchBucket(name)
  return bucket
}

export function findObject(bucket: BucketRecord, key: string): ObjectRecord {
  const object = bucket.objects[objectSlot(key)]
  if (!object) throw noSuchKey(key)
  return object
}

/** @throws S3Error KeyTooLongError: 1024 bytes of UTF-8 at most */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key)
  if (size > 1024) {
    throw new S3Error('KeyTooLongError', 400, 'Your key is too long', { Size: String(size), MaxSizeAllowed: '1024' })
  }
}

export const quoted = (etag: string) => `"${etag}"`
