import { abortable } from '../aws/caller-identity.js'
import { describeInstances, livingStates } from '../aws/instances.js'
import type { Asking, ResourceDeps } from './deps.js'
import { findOwnImage, type ImageListing } from './images.js'

/** An image of one's own and what hangs on it. */
export interface ImageUse {
  readonly image: ImageListing
  /** Ids of instances that were launched from it: they go on without it. */
  readonly instanceIds: readonly string[]
}

/** @param wanted id or name @throws AMIDoesNotExist naming the nearest */
export async function imageUse(
  deps: Pick<ResourceDeps, 'aws'>,
  wanted: string,
  { signal }: Asking = {},
): Promise<ImageUse> {
  const image = await findOwnImage(deps, wanted, { signal })
  const filters = [
    { Name: 'image-id', Values: [image.id] },
    { Name: 'instance-state-name', Values: [...livingStates] },
  ]
  const instances = await describeInstances(deps.aws.ec2, filters, signal)
  return { image, instanceIds: instances.map(({ InstanceId = '' }) => InstanceId) }
}

/**
 * Deregisters an image and deletes its snapshots, unless they are to be kept or another image has them too. Look at
 * `imageUse` first.
 * @returns snapshots that are left, each with EC2's reason
 */
export async function removeImage(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { id, snapshotIds }: Pick<ImageListing, 'id' | 'snapshotIds'>,
  { keepData = false, signal }: Asking & { readonly keepData?: boolean } = {},
): Promise<ReadonlyMap<string, string>> {
  const asked = { ImageId: id, ...(keepData ? {} : { DeleteAssociatedSnapshots: true }) }
  const { DeleteSnapshotResults = [] } = await aws.ec2.deregisterImage(asked, abortable(signal))
  if (keepData) return new Map(snapshotIds.map((snapshot) => [snapshot, 'kept as asked for']))
  const left = DeleteSnapshotResults.filter(({ ReturnCode }) => ReturnCode !== 'success')
  const why = { skipped: 'another image has it too' } as Readonly<Record<string, string>>
  return new Map(left.map(({ SnapshotId = '', ReturnCode = '' }) => [SnapshotId, why[ReturnCode] ?? ReturnCode]))
}
