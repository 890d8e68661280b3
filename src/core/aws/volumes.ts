import type { EC2, Volume } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'
import { isAwsError, VolumeDoesNotExist } from './errors.js'

/** Volumes by id, all in one request. @throws VolumeDoesNotExist */
export async function describeVolumes(
  ec2: Pick<EC2, 'describeVolumes'>,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, Volume>> {
  if (ids.length === 0) return new Map()
  try {
    const { Volumes = [] } = await ec2.describeVolumes({ VolumeIds: [...ids] }, abortable(signal))
    return new Map(Volumes.map((volume) => [volume.VolumeId ?? '', volume]))
  } catch (error) {
    if (!isAwsError(error, 'InvalidVolume.NotFound', 'InvalidVolumeID.Malformed', 'InvalidParameterValue')) throw error
    throw new VolumeDoesNotExist(`a volume does not exist in this region: ${error.message}`, {
      cause: error,
      hint: 'correct volume_id in its [volume] section; volumes belong to one region',
    })
  }
}

/** Id of the instance a volume is attached to, or being attached to or detached from. */
export function attachedTo({ Attachments = [] }: Volume): string | undefined {
  return Attachments.find(({ State }) => State !== 'detached')?.InstanceId
}
