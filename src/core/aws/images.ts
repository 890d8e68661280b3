import type { EC2, Image } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'
import { AMIDoesNotExist, isAwsError } from './errors.js'

/** An image that instances can be launched from. */
export interface LaunchImage {
  /** What RunInstances takes: an AMI id, or EC2's own reference to a public parameter. */
  readonly id: string
  /** e.g. `x86_64` or `arm64`; undefined when it follows from the instance type. */
  readonly architecture?: string
}

/** Debian's own parameter for its newest Debian 12 image. Source: Debian wiki, Cloud/AmazonEC2Image/Bookworm. */
const debianParameter = (architecture: string) =>
  `resolve:ssm:/aws/service/debian/release/12/latest/${architecture === 'arm64' ? 'arm64' : 'amd64'}`

/**
 * Finds an image by AMI id, by the name of one of the account's own images, or `default`: an own image of that name,
 * else the newest Debian 12. Never by name among the images of strangers: anyone may publish any name.
 *
 * @param architecture of the instance type the image is for
 * @throws AMIDoesNotExist naming the images there are
 */
export async function findImage(
  ec2: Pick<EC2, 'describeImages'>,
  wanted: string,
  architecture: string,
  signal?: AbortSignal,
): Promise<LaunchImage> {
  if (wanted.startsWith('resolve:')) return { id: wanted }
  // Some clouds have names for images in place of ids; AWS calls those malformed, and then it is the name of one of ours.
  const found =
    (await byId(ec2, wanted, signal)) ?? (wanted.startsWith('ami-') ? undefined : await byName(ec2, wanted, signal))
  if (found?.ImageId && (found.State ?? 'available') === 'available') {
    return { id: found.ImageId, ...(found.Architecture ? { architecture: found.Architecture } : {}) }
  }
  if (found) throw new AMIDoesNotExist(`image ${wanted} is ${found.State}, not available`)
  if (wanted === 'default') return { id: debianParameter(architecture) }
  throw new AMIDoesNotExist(`image ${wanted} does not exist in this region`, {
    hint: `give an AMI id, the name of one of your own images${await ownNames(ec2, signal)}, or "default"`,
  })
}

async function byId(ec2: Pick<EC2, 'describeImages'>, id: string, signal?: AbortSignal): Promise<Image | undefined> {
  try {
    const { Images } = await ec2.describeImages({ ImageIds: [id] }, abortable(signal))
    return Images?.[0]
  } catch (error) {
    if (isAwsError(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Malformed', 'InvalidAMIID.Unavailable'))
      return undefined
    throw error
  }
}

async function byName(
  ec2: Pick<EC2, 'describeImages'>,
  name: string,
  signal?: AbortSignal,
): Promise<Image | undefined> {
  const { Images } = await ec2.describeImages(
    { Owners: ['self'], Filters: [{ Name: 'name', Values: [name.replace(/[*?\\]/g, '\\$&')] }] },
    abortable(signal),
  )
  return Images?.toSorted((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''))[0]
}

async function ownNames(ec2: Pick<EC2, 'describeImages'>, signal?: AbortSignal): Promise<string> {
  const { Images } = await ec2.describeImages({ Owners: ['self'] }, abortable(signal))
  const names = (Images ?? []).flatMap(({ Name }) => (Name ? [Name] : []))
  return names.length > 0 ? ` (${names.sort().slice(0, 10).join(', ')})` : ''
}
