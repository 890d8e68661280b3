import type { EC2, Tag } from '@aws-sdk/client-ec2'
import { waitFor } from '../wait.js'
import { abortable } from './caller-identity.js'
import { isAwsError } from './errors.js'

/** Makes a group that brings its members close together; one that is there already is fine. */
export async function createPlacementGroup(
  ec2: Pick<EC2, 'createPlacementGroup'>,
  name: string,
  tags: Tag[],
  signal?: AbortSignal,
): Promise<void> {
  try {
    const TagSpecifications = [{ ResourceType: 'placement-group' as const, Tags: tags }]
    await ec2.createPlacementGroup({ GroupName: name, Strategy: 'cluster', TagSpecifications }, abortable(signal))
  } catch (error) {
    if (!isAwsError(error, 'InvalidPlacementGroup.Duplicate')) throw error
  }
}

/**
 * Deletes a group as soon as nothing is in it any more. A group that is gone already is fine.
 *
 * @param options.inUse called each time something is in it still
 */
export async function deletePlacementGroup(
  ec2: Pick<EC2, 'deletePlacementGroup'>,
  name: string,
  { signal, inUse }: { signal?: AbortSignal | undefined; inUse?: () => Promise<void> } = {},
): Promise<void> {
  const attempt = async () => {
    try {
      await ec2.deletePlacementGroup({ GroupName: name }, abortable(signal))
      return true
    } catch (error) {
      if (isAwsError(error, 'InvalidPlacementGroup.Unknown')) return true
      if (!isAwsError(error, 'InvalidPlacementGroup.InUse')) throw error
      await inUse?.()
      return undefined
    }
  }
  await waitFor(`placement group ${name} to be empty`, attempt, {
    timeoutMs: 300_000,
    intervalMs: 1000,
    ...(signal ? { signal } : {}),
  })
}
