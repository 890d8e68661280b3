import type { EC2, Filter, Volume } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'
import { isAwsError, VolumeDoesNotExist } from './errors.js'
import { allPages } from './pages.js'

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

/** All volumes that match the filters, in no particular order; one request per 500. */
export async function volumesMatching(
  ec2: Pick<EC2, 'describeVolumes'>,
  filters: Filter[],
  signal?: AbortSignal,
): Promise<Volume[]> {
  return allPages(async (next) => {
    const asked = { ...(filters.length > 0 ? { Filters: filters } : {}), MaxResults: 500, ...next }
    const { Volumes: items, NextToken } = await ec2.describeVolumes(asked, abortable(signal))
    return { items, next: NextToken }
  })
}

/** Id of the instance a volume is attached to, or being attached to or detached from. */
export function attachedTo({ Attachments = [] }: Volume): string | undefined {
  return Attachments.find(({ State }) => State !== 'detached')?.InstanceId
}
