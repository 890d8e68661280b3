import type { EC2, Image } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'
import { distribution, type Published } from './distributions.js'
import { AMIDoesNotExist, isAwsError } from './errors.js'

/** An image that instances can be launched from. */
export interface LaunchImage {
  /** What RunInstances takes: an AMI id, or EC2's own reference to a public parameter. */
  readonly id: string
  /** e.g. `x86_64` or `arm64`; undefined when it follows from the instance type. */
  readonly architecture?: string
  /** Name of the root volume's device, e.g. `/dev/xvda`; undefined when it is not known. */
  readonly rootDevice?: string
  /** GiB a root volume must have at least. */
  readonly rootSize?: number
}

/**
 * Finds an image by AMI id, by the name of one of the account's own images, or by that of a distribution: `debian-12`,
 * `ubuntu-24.04`, `al2023`, and `default`, which is Debian 12. Of a distribution it is the newest that its publisher has.
 * Never by name among the images of strangers: anyone may publish any name.
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
  // Some clouds have names for images in place of ids; AWS calls those malformed, and then it is a name.
  const found =
    (await byId(ec2, wanted, signal)) ?? (wanted.startsWith('ami-') ? undefined : await byName(ec2, wanted, signal))
  if (found?.ImageId && (found.State ?? 'available') === 'available') return launchImage(found)
  if (found) throw new AMIDoesNotExist(`image ${wanted} is ${found.State}, not available`)
  const published = distribution(wanted, architecture)
  if (published) return newestPublished(ec2, published, signal)
  throw new AMIDoesNotExist(`image ${wanted} does not exist in this region`, {
    hint: `give an AMI id, the name of one of your own images${await ownNames(ec2, signal)}, or one of debian-12, ubuntu-24.04, al2023, default`,
  })
}

function launchImage({ ImageId = '', Architecture, RootDeviceName, BlockDeviceMappings }: Image): LaunchImage {
  const root = BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === RootDeviceName)
  const rootSize = root?.Ebs?.VolumeSize
  return {
    id: ImageId,
    ...(Architecture ? { architecture: Architecture } : {}),
    ...(RootDeviceName ? { rootDevice: RootDeviceName } : {}),
    ...(rootSize === undefined ? {} : { rootSize }),
  }
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

function byName(ec2: Pick<EC2, 'describeImages'>, name: string, signal?: AbortSignal): Promise<Image | undefined> {
  return newest(ec2, 'self', [{ Name: 'name', Values: [name.replace(/[*?\\]/g, '\\$&')] }], signal)
}

/** Where the publisher has another account (other partitions of AWS), its public parameter leads to the image. */
async function newestPublished(
  ec2: Pick<EC2, 'describeImages'>,
  { owner, pattern, parameter, rootDevice }: Published,
  signal?: AbortSignal,
): Promise<LaunchImage> {
  const filters = [
    { Name: 'name', Values: [pattern] },
    { Name: 'state', Values: ['available'] },
  ]
  const found = await newest(ec2, owner, filters, signal)
  return found ? launchImage(found) : { id: `resolve:ssm:${parameter}`, rootDevice }
}

async function newest(
  ec2: Pick<EC2, 'describeImages'>,
  owner: string,
  filters: { Name: string; Values: string[] }[],
  signal?: AbortSignal,
): Promise<Image | undefined> {
  const { Images } = await ec2.describeImages({ Owners: [owner], Filters: filters }, abortable(signal))
  return Images?.toSorted((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''))[0]
}

async function ownNames(ec2: Pick<EC2, 'describeImages'>, signal?: AbortSignal): Promise<string> {
  const { Images } = await ec2.describeImages({ Owners: ['self'] }, abortable(signal))
  const names = (Images ?? []).flatMap(({ Name }) => (Name ? [Name] : []))
  return names.length > 0 ? ` (${names.sort().slice(0, 10).join(', ')})` : ''
}
