import { abortable } from '../aws/caller-identity.js'
import type { AwsClients } from '../aws/clients.js'
import { isAwsError } from '../aws/errors.js'
import { InvalidOperation } from '../node/errors.js'
import { type ImageListing, imageById } from './images.js'
import { type Waiting, waitForAws } from './waiting.js'

/** Waits until instances can be launched from an image. @throws InvalidOperation when EC2 could not make it */
export async function waitForImage(
  aws: AwsClients,
  id: string,
  { signal, onProgress }: Waiting = {},
): Promise<ImageListing> {
  const where = `in region ${aws.region.name}`
  const look = async (until: AbortSignal) => {
    const image = await imageById(aws, id, until)
    if (image?.state === 'available') return image
    // Not visible yet, in a region that has heard of it elsewhere, or on its way.
    if (image === undefined || image.state === 'pending') {
      onProgress?.(`image ${id} ${where}${await progress(aws, image?.snapshotIds ?? [], until)}`)
      return undefined
    }
    throw new InvalidOperation(`EC2 could not make image ${id} ${where}: ${image.stateReason ?? image.state}`, {
      hint: `remove what is left of it: starcluster removeimage ${id}`,
    })
  }
  return waitForAws(`image ${id} ${where} to be available`, look, {
    timeoutMs: 60 * 60_000,
    slowestMs: 10_000,
    signal,
    hint: 'EC2 goes on with it; see how it is with: starcluster listimages',
  })
}

/** How far the snapshots of an image are: nothing when EC2 does not say. */
async function progress({ ec2 }: AwsClients, ids: readonly string[], signal: AbortSignal): Promise<string> {
  if (ids.length === 0) return ''
  try {
    const { Snapshots = [] } = await ec2.describeSnapshots({ SnapshotIds: [...ids] }, abortable(signal))
    const told = Snapshots.flatMap(({ Progress }) => (Progress ? [Progress] : []))
    return told.length === 0 ? '' : `: ${told.join(', ')}`
  } catch (error) {
    if (isAwsError(error)) return ''
    throw error
  }
}
