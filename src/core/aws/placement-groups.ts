import type { EC2, Instance, Tag } from '@aws-sdk/client-ec2'
import { waitFor } from '../wait.js'
import { abortable } from './caller-identity.js'
import { isAwsError } from './errors.js'
import { describeInstances, inParts, livingStates } from './instances.js'

/** EC2's limit for one filter. */
const filterValues = 200

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
 * @param options.inUse called each time something is in it still; false: it will stay there
 * @returns whether it is gone
 */
export async function deletePlacementGroup(
  ec2: Pick<EC2, 'deletePlacementGroup'>,
  name: string,
  { signal, inUse }: { signal?: AbortSignal | undefined; inUse?: () => Promise<boolean> } = {},
): Promise<boolean> {
  let stays = false
  const attempt = async () => {
    try {
      await ec2.deletePlacementGroup({ GroupName: name }, abortable(signal))
      return true
    } catch (error) {
      if (isAwsError(error, 'InvalidPlacementGroup.Unknown')) return true
      if (!isAwsError(error, 'InvalidPlacementGroup.InUse')) throw error
      stays = (await inUse?.()) === false
      return stays || undefined
    }
  }
  await waitFor(`placement group ${name} to be empty`, attempt, {
    timeoutMs: 300_000,
    intervalMs: 1000,
    ...(signal ? { signal } : {}),
  })
  return !stays
}

/** Instances in these groups that are not ending. */
export async function membersOfPlacementGroups(
  ec2: Pick<EC2, 'describeInstances'>,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Instance[]> {
  const states = livingStates.filter((state) => state !== 'shutting-down')
  const pages = await Promise.all(
    inParts(names, filterValues).map((Values) => {
      const filters = [
        { Name: 'placement-group-name', Values },
        { Name: 'instance-state-name', Values: states },
      ]
      return describeInstances(ec2, filters, signal)
    }),
  )
  return pages.flat()
}
