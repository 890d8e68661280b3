import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { InvalidOperation } from '../node/errors.js'
import type { ResourceDeps } from './deps.js'
import { InvalidImageName } from './errors.js'
import type { ImageListing } from './images.js'
import { findInstance } from './instances.js'
import { waitForImage } from './wait-for-image.js'
import type { Waiting } from './waiting.js'

export interface CreateImageOptions extends Waiting {
  readonly description?: string | undefined
  /** Stopped for a moment, so that its file systems are whole in the image. Default true. */
  readonly reboot?: boolean
  /** Default true; false: returns as soon as EC2 has begun. */
  readonly wait?: boolean
}

/**
 * Makes an image of an instance with all its volumes. The instance itself is left as it is: what must not be in images, such
 * as keys and histories, is removed before. Images of cloud-init's make host keys of their own at their first boot.
 *
 * @param instance id, DNS name or address
 * @returns the id, and the image once it is available
 * @throws InvalidImageName, InstanceDoesNotExist, InvalidOperation
 */
export async function createImage(
  deps: ResourceDeps,
  instance: string,
  name: string,
  { description, reboot = true, wait = true, ...waiting }: CreateImageOptions = {},
): Promise<{ readonly id: string; readonly image?: ImageListing }> {
  checkImageName(name)
  const { id: instanceId, state } = await findInstance(deps, instance, waiting)
  if (state !== 'running' && state !== 'stopped') {
    throw new InvalidOperation(`no image can be made of ${instanceId} while it is ${state}`, {
      hint: 'it must be running or stopped; see how it is with: starcluster listinstances',
    })
  }
  if (state === 'running' && reboot) deps.log.info(`${instanceId} reboots for the image (--no-reboot: it goes on)`)
  const id = await named(name, async () => {
    const asked = { InstanceId: instanceId, Name: name, NoReboot: !reboot, Description: description }
    const { ImageId = '' } = await deps.aws.ec2.createImage(asked, abortable(waiting.signal))
    return ImageId
  })
  deps.log.info(`Creating image ${id} (${name}) of ${instanceId}...`)
  return wait ? { id, image: await waitForImage(deps.aws, id, waiting) } : { id }
}

/** @throws InvalidImageName for what EC2 does not take. Source: EC2 API reference, CreateImage, Name */
export function checkImageName(name: string): void {
  if (/^[A-Za-z0-9()[\] ./'@_-]{3,128}$/.test(name)) return
  throw new InvalidImageName(`${JSON.stringify(name)} cannot be the name of an image`, {
    hint: "use 3 to 128 letters, digits, blanks and ( ) [ ] . / - ' @ _",
  })
}

/** Runs a request that gives an image its name. @throws InvalidImageName when another image has it */
export async function named<T>(name: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    if (!isAwsError(error, 'InvalidAMIName.Duplicate')) throw error
    throw new InvalidImageName(`another of your images is called ${name}`, {
      cause: error,
      hint: 'use another name, or remove that one: starcluster removeimage',
    })
  }
}
