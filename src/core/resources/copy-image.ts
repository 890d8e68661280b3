import { abortable } from '../aws/caller-identity.js'
import type { AwsClients } from '../aws/clients.js'
import { AMIDoesNotExist } from '../aws/errors.js'
import { InvalidOperation } from '../node/errors.js'
import { checkImageName, named } from './create-image.js'
import type { ResourceDeps } from './deps.js'
import { findOwnImage, type ImageListing, imageById } from './images.js'
import { waitForImage } from './wait-for-image.js'
import type { Waiting } from './waiting.js'

export interface CopyImageOptions extends Waiting {
  /** The image's own when left out. */
  readonly name?: string | undefined
  readonly description?: string | undefined
  /** Default true; false: returns as soon as EC2 has begun. */
  readonly wait?: boolean
}

export interface CopiedImage {
  readonly region: string
  readonly id: string
}

/**
 * Copies an image to other regions of the same cloud, to all at once; a failure in one does not end the others.
 * @param wanted id of an image, or id or name of one's own
 * @throws AMIDoesNotExist, InvalidImageName, InvalidOperation naming each region that failed
 */
export async function copyImage(
  deps: ResourceDeps,
  wanted: string,
  targets: readonly AwsClients[],
  { name, description, wait = true, ...waiting }: CopyImageOptions = {},
): Promise<CopiedImage[]> {
  if (name !== undefined) checkImageName(name)
  for (const target of targets) await requireSameCloud(deps.aws, target)
  const image = await sourceImage(deps, wanted, waiting.signal)
  const copies = await Promise.allSettled(
    targets.map(async (target): Promise<CopiedImage> => {
      const called = name ?? image.name
      const asked = {
        SourceImageId: image.id,
        SourceRegion: deps.aws.region.name,
        Name: called,
        Description: description ?? image.description,
        CopyImageTags: true,
      }
      const { ImageId: id = '' } = await named(called, () => target.ec2.copyImage(asked, abortable(waiting.signal)))
      deps.log.info(`Copying ${image.id} (${image.name}) to ${target.region.name} as ${id}...`)
      if (wait) await waitForImage(target, id, waiting)
      return { region: target.region.name, id }
    }),
  )
  const failed = copies.flatMap((copy, at) =>
    copy.status === 'rejected' ? [`${targets[at]?.region.name}: ${reasonOf(copy.reason)}`] : [],
  )
  const [first] = copies.filter((copy) => copy.status === 'rejected')
  // Nothing else to say: an only region, or one interruption of all.
  if (first && (copies.length === 1 || waiting.signal?.aborted)) throw first.reason
  if (failed.length > 0) {
    throw new InvalidOperation(`image ${image.id} was not copied to every region: ${failed.join('; ')}`, {
      hint: `the others have it; go on with those that failed: starcluster copyimage ${image.id} REGION`,
    })
  }
  return copies.flatMap((copy) => (copy.status === 'fulfilled' ? [copy.value] : []))
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

async function sourceImage(deps: ResourceDeps, wanted: string, signal?: AbortSignal): Promise<ImageListing> {
  const byId = wanted.startsWith('ami-') ? await imageById(deps.aws, wanted, signal) : undefined
  const image = byId ?? (await findOwnImage(deps, wanted, { signal }))
  if (image.state === 'available') return image
  throw new AMIDoesNotExist(`image ${image.id} is ${image.state}, not available`, {
    hint: 'wait for it: starcluster listimages',
  })
}

/** Regions at one endpoint of our own are one cloud, and all regions of AWS another. @throws InvalidOperation */
async function requireSameCloud(one: AwsClients, other: AwsClients): Promise<void> {
  if ((await one.endpoint()).url === (await other.endpoint()).url) return
  throw new InvalidOperation(
    `an image of region ${one.region.name} cannot be copied to ${other.region.name}: they are different clouds`,
    { hint: 'copy between regions of AWS only; what is in an image of the local cloud, a plugin can install on AWS' },
  )
}
