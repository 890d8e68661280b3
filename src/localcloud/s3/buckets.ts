import type { CloudResponse } from '../cloud.js'
import { bucketOf, type S3Context } from './context.js'
import { S3Error } from './errors.js'
import { partFiles } from './state.js'
import { elementTexts, xmlAnswer } from './xml.js'

const OK: CloudResponse = { status: 200, headers: {}, body: '' }

export async function listBuckets({ cloud, request }: S3Context): Promise<CloudResponse> {
  const prefix = request.query.get('prefix') ?? ''
  const names = Object.keys(cloud.state.s3.buckets).filter((name) => name.startsWith(prefix))
  return xmlAnswer('ListAllMyBucketsResult', [
    ['Owner', [['ID', cloud.accountId]]],
    [
      'Buckets',
      names.sort().map((name) => [
        'Bucket',
        [
          ['Name', name],
          ['CreationDate', cloud.state.s3.buckets[name]!.created],
          ['BucketRegion', cloud.region],
        ],
      ]),
    ],
    ['Prefix', prefix === '' ? undefined : prefix],
  ])
}

/** The bucket is there when this answers; here all names belong to the one account. */
export async function createBucket({ cloud, request, bucketName }: S3Context): Promise<CloudResponse> {
  checkBucketName(bucketName)
  const [where] = elementTexts(Buffer.from(request.body).toString('utf8'), 'LocationConstraint')
  if (where !== undefined && where !== cloud.region) {
    const message = `The ${where} location constraint is incompatible for the region specific endpoint this request was sent to.`
    throw new S3Error('IllegalLocationConstraintException', 400, message)
  }
  const { buckets } = cloud.state.s3
  if (Object.hasOwn(buckets, bucketName)) {
    const message = 'Your previous request to create the named bucket succeeded and you already own it.'
    throw new S3Error('BucketAlreadyOwnedByYou', 409, message, { BucketName: bucketName })
  }
  buckets[bucketName] = { created: cloud.now().toISOString(), objects: {} }
  await cloud.commit()
  return { ...OK, headers: { location: `/${bucketName}` } }
}

export async function deleteBucket(context: S3Context): Promise<CloudResponse> {
  const { cloud, bucketName, blobs } = context
  if (Object.keys(bucketOf(context).objects).length > 0) {
    const message = 'The bucket you tried to delete is not empty'
    throw new S3Error('BucketNotEmpty', 409, message, { BucketName: bucketName })
  }
  const left = Object.values(cloud.state.s3.buckets[bucketName]?.uploads ?? {}).flatMap(partFiles)
  delete cloud.state.s3.buckets[bucketName]
  await blobs.discardAfter(() => cloud.commit(), left)
  return { ...OK, status: 204 }
}

export async function headBucket(context: S3Context): Promise<CloudResponse> {
  bucketOf(context)
  return { ...OK, headers: { 'x-amz-bucket-region': context.cloud.region, 'content-type': 'application/xml' } }
}

export async function getBucketLocation(context: S3Context): Promise<CloudResponse> {
  bucketOf(context)
  return xmlAnswer('LocationConstraint', context.cloud.region)
}

/** Source: S3 user guide, "General purpose bucket naming rules". @throws S3Error InvalidBucketName */
function checkBucketName(name: string): void {
  const wellFormed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..')
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(name)
  if (wellFormed && !isAddress && !/^xn--|^sthree-|-s3alias$|--ol-s3$/.test(name)) return
  throw new S3Error('InvalidBucketName', 400, 'The specified bucket is not valid.', { BucketName: name })
}
