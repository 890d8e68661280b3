import type { DescribeImagesRequest, Image } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { AMIDoesNotExist, isAwsError } from '../aws/errors.js'
import { allPages, tagsByKey } from '../aws/pages.js'
import type { Asking, ResourceDeps } from './deps.js'
import { others } from './errors.js'

/** An image of the region. */
export interface ImageListing {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly description?: string | undefined
  readonly owner?: string | undefined
  readonly architecture?: string | undefined
  readonly virtualization?: string | undefined
  readonly rootDevice?: string | undefined
  /** Least size of a root volume, GiB. */
  readonly rootSize?: number | undefined
  readonly createTime?: Date | undefined
  /** What its volumes are copies of. */
  readonly snapshotIds: readonly string[]
  readonly public: boolean
  readonly tags: Readonly<Record<string, string>>
}

/** The account's own images, or those of others that are shared with it by name, newest first. */
export async function listImages(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { executableByMe = false, signal }: Asking & { readonly executableByMe?: boolean } = {},
): Promise<ImageListing[]> {
  return describeImages(aws, executableByMe ? { ExecutableUsers: ['self'] } : { Owners: ['self'] }, signal)
}

/** Images that match, newest first; a request for every 1000. */
export async function describeImages(
  { ec2 }: Pick<ResourceDeps['aws'], 'ec2'>,
  asked: DescribeImagesRequest,
  signal?: AbortSignal,
): Promise<ImageListing[]> {
  const images = await allPages(async (next) => {
    const page = await ec2.describeImages({ ...asked, MaxResults: 1000, ...next }, abortable(signal))
    return { items: page.Images, next: page.NextToken }
  })
  return images.map(imageListing).sort((a, b) => Number(b.createTime ?? 0) - Number(a.createTime ?? 0))
}

/** The account's own image of that id or name. @throws AMIDoesNotExist naming the nearest */
export async function findOwnImage(
  { aws }: Pick<ResourceDeps, 'aws'>,
  wanted: string,
  { signal }: Asking = {},
): Promise<ImageListing> {
  const own = await listImages({ aws }, { signal })
  const found = own.find(({ id, name }) => id === wanted || name === wanted)
  if (found) return found
  const { near, list } = others(
    wanted,
    own.flatMap(({ id, name }) => [id, name]),
  )
  throw new AMIDoesNotExist(`none of your own images in region ${aws.region.name} is ${wanted}${near}`, {
    hint: list === '' ? 'you have no images in this region' : `there are: ${list}`,
  })
}

/** The image of that id, whoever's it is; undefined: there is none, or not yet. */
export async function imageById(
  { ec2 }: Pick<ResourceDeps['aws'], 'ec2'>,
  id: string,
  signal?: AbortSignal,
): Promise<(ImageListing & { readonly stateReason?: string | undefined }) | undefined> {
  try {
    const { Images } = await ec2.describeImages({ ImageIds: [id] }, abortable(signal))
    const [image] = Images ?? []
    return image && { ...imageListing(image), stateReason: image.StateReason?.Message }
  } catch (error) {
    if (isAwsError(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Malformed', 'InvalidAMIID.Unavailable'))
      return undefined
    throw error
  }
}

function imageListing(image: Image): ImageListing {
  const volumes = image.BlockDeviceMappings ?? []
  return {
    id: image.ImageId ?? '',
    name: image.Name ?? '',
    state: image.State ?? 'available',
    description: image.Description || undefined,
    owner: image.ImageOwnerAlias ?? image.OwnerId,
    architecture: image.Architecture,
    virtualization: image.VirtualizationType,
    rootDevice: image.RootDeviceName,
    rootSize: volumes.find(({ DeviceName }) => DeviceName === image.RootDeviceName)?.Ebs?.VolumeSize,
    createTime: image.CreationDate === undefined ? undefined : new Date(image.CreationDate),
    snapshotIds: volumes.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
    public: image.Public === true,
    tags: tagsByKey(image.Tags),
  }
}
