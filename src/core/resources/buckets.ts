import type { _Object } from '@aws-sdk/client-s3'
import { abortable } from '../aws/caller-identity.js'
import { allPages } from '../aws/pages.js'
import type { Asking, ResourceDeps } from './deps.js'
import { BucketDoesNotExist, others } from './errors.js'

/** A bucket of the account, in whatever region. */
export interface BucketListing {
  readonly name: string
  readonly region?: string | undefined
  readonly createTime?: Date | undefined
}

/** An object in a bucket. */
export interface ObjectListing {
  readonly bucket: string
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly modified?: Date | undefined
  readonly storageClass?: string | undefined
}

/** Buckets of the account by name. */
export async function listBuckets(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { signal }: Asking = {},
): Promise<BucketListing[]> {
  const { Buckets = [] } = await aws.s3.listBuckets({}, abortable(signal))
  return Buckets.map(({ Name = '', BucketRegion, CreationDate }) => ({
    name: Name,
    region: BucketRegion,
    createTime: CreationDate,
  })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Objects in a bucket by key; one request for every 1000. @throws BucketDoesNotExist naming the nearest */
export async function showBucket(
  { aws }: Pick<ResourceDeps, 'aws'>,
  bucket: string,
  { prefix, signal }: Asking & { readonly prefix?: string | undefined } = {},
): Promise<ObjectListing[]> {
  try {
    return await allPages(async ({ NextToken }) => {
      const asked = { Bucket: bucket, Prefix: prefix, ContinuationToken: NextToken }
      const { Contents, NextContinuationToken: next } = await aws.s3.listObjectsV2(asked, abortable(signal))
      return { items: Contents?.map((object) => objectListing(bucket, object)), next }
    })
  } catch (error) {
    if (!(error instanceof Error) || !['NoSuchBucket', 'InvalidBucketName'].includes(error.name)) throw error
    const { near, list } = others(
      bucket,
      (await listBuckets({ aws }, { signal })).map(({ name }) => name),
    )
    throw new BucketDoesNotExist(`bucket ${bucket} does not exist${near}`, {
      cause: error,
      hint: list === '' ? 'you have no buckets' : `you have: ${list}`,
    })
  }
}

function objectListing(bucket: string, { Key = '', Size = 0, LastModified, StorageClass }: _Object): ObjectListing {
  return { bucket, key: Key, size: Size, modified: LastModified, storageClass: StorageClass }
}
