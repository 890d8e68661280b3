import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { InvalidOperation } from '../node/errors.js'
import type { Asking, ResourceDeps } from './deps.js'
import { findVolume, type VolumeListing } from './volumes.js'

/** A volume that can be removed: nobody has it. @throws VolumeDoesNotExist, InvalidOperation naming who has it */
export async function removableVolume(
  deps: Pick<ResourceDeps, 'aws'>,
  wanted: string,
  asking: Asking = {},
): Promise<VolumeListing> {
  const volume = await findVolume(deps, wanted, asking)
  const { id, status, instanceId, attachStatus, device } = volume
  if (instanceId !== undefined) {
    const being = attachStatus === 'attached' ? 'attached' : `${attachStatus}, it was or will be attached`
    throw new InvalidOperation(`volume ${id} cannot be removed: it is ${being} to ${instanceId} as ${device}`, {
      hint: `stop or terminate the cluster that has it, or detach it: aws ec2 detach-volume --volume-id ${id}`,
    })
  }
  if (status === 'available' || status === 'error') return volume
  throw new InvalidOperation(`volume ${id} cannot be removed while it is ${status}`, { hint: 'try again in a moment' })
}

/** Deletes a volume with its data. Snapshots taken of it stay. Look at `removableVolume` first. */
export async function removeVolume(
  { aws }: Pick<ResourceDeps, 'aws'>,
  id: string,
  { signal }: Asking = {},
): Promise<void> {
  try {
    await aws.ec2.deleteVolume({ VolumeId: id }, abortable(signal))
  } catch (error) {
    if (!isAwsError(error, 'VolumeInUse')) throw error
    throw new InvalidOperation(`volume ${id} was attached to an instance just now, and is left as it is`, {
      cause: error,
      hint: `see by whom: starcluster listvolumes -v ${id}`,
    })
  }
}
