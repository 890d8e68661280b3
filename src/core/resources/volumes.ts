import type { Filter, Volume } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { VolumeDoesNotExist } from '../aws/errors.js'
import { allPages, tagsByKey } from '../aws/pages.js'
import { attachedTo, volumesMatching } from '../aws/volumes.js'
import type { Asking, ResourceDeps } from './deps.js'
import { others } from './errors.js'

/** A volume of the region. */
export interface VolumeListing {
  readonly id: string
  /** Its tag Name. */
  readonly name?: string | undefined
  /** GiB. */
  readonly size: number
  readonly status: string
  /** `gp3`, ... */
  readonly type?: string | undefined
  readonly zone: string
  /** Instance it is attached to, or being attached to or detached from. */
  readonly instanceId?: string | undefined
  /** As EC2 was told when it was attached. */
  readonly device?: string | undefined
  readonly attachStatus?: string | undefined
  /** What it was made from. */
  readonly snapshotId?: string | undefined
  /** Snapshots taken of it. */
  readonly snapshotIds: readonly string[]
  readonly encrypted: boolean
  readonly createTime?: Date | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** Which volumes; all conditions must hold. */
export interface VolumeFilters {
  readonly name?: string
  readonly id?: string
  /** GiB. */
  readonly size?: number
  readonly status?: string
  readonly attachStatus?: string
  readonly zone?: string
  readonly snapshotId?: string
  /** Values by key; an empty value means any. */
  readonly tags?: Readonly<Record<string, string>>
  /** Those too that are being deleted; also when a status is asked for. */
  readonly deleted?: boolean
}

/** Volumes of the region with the snapshots taken of them, oldest first. */
export async function listVolumes(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { signal, ...filters }: VolumeFilters & Asking = {},
): Promise<VolumeListing[]> {
  const [volumes, snapshots] = await Promise.all([
    volumesMatching(aws.ec2, filtersOf(filters), signal),
    allPages(async (next) => {
      const asked = { OwnerIds: ['self'], MaxResults: 1000, ...next }
      const { Snapshots: items, NextToken } = await aws.ec2.describeSnapshots(asked, abortable(signal))
      return { items, next: NextToken }
    }),
  ])
  const taken = new Map<string, string[]>()
  for (const { VolumeId = '', SnapshotId = '' } of snapshots)
    taken.set(VolumeId, [...(taken.get(VolumeId) ?? []), SnapshotId])
  const gone = (status: string) => status === 'deleting' || status === 'deleted'
  return volumes
    .map((volume) => volumeListing(volume, taken.get(volume.VolumeId ?? '') ?? []))
    .filter(({ status }) => filters.deleted || filters.status !== undefined || !gone(status))
    .sort((a, b) => Number(a.createTime ?? 0) - Number(b.createTime ?? 0))
}

function filtersOf({ name, id, size, status, attachStatus, zone, snapshotId, tags = {} }: VolumeFilters): Filter[] {
  const wanted: [string, string | undefined][] = [
    ['tag:Name', name],
    ['volume-id', id],
    ['size', size?.toString()],
    ['status', status],
    ['attachment.status', attachStatus],
    ['availability-zone', zone],
    ['snapshot-id', snapshotId],
    ...Object.entries(tags).map(([key, value]): [string, string] =>
      value === '' ? ['tag-key', key] : [`tag:${key}`, value],
    ),
  ]
  return wanted.flatMap(([Name, value]) => (value === undefined ? [] : [{ Name, Values: [value] }]))
}

/** The volume of that id, or the only one of that name. @throws VolumeDoesNotExist naming the nearest */
export async function findVolume(
  { aws }: Pick<ResourceDeps, 'aws'>,
  wanted: string,
  { signal }: Asking = {},
): Promise<VolumeListing> {
  const all = (await volumesMatching(aws.ec2, [], signal)).map((volume) => volumeListing(volume, []))
  const found = all.find(({ id }) => id === wanted)
  if (found) return found
  const named = all.filter(({ name }) => name === wanted)
  if (named.length === 1) return named[0]!
  if (named.length > 1) {
    throw new VolumeDoesNotExist(`${named.length} volumes are called ${wanted}`, {
      hint: `say which one: ${named.map(({ id }) => id).join(', ')}`,
    })
  }
  const { near, list } = others(
    wanted,
    all.flatMap(({ id, name }) => [id, name ?? []].flat()),
  )
  throw new VolumeDoesNotExist(`volume ${wanted} does not exist in region ${aws.region.name}${near}`, {
    hint: list === '' ? 'there are no volumes in this region' : `there are: ${list}`,
  })
}

function volumeListing(volume: Volume, snapshotIds: readonly string[]): VolumeListing {
  const tags = tagsByKey(volume.Tags)
  const instanceId = attachedTo(volume)
  const attachment = volume.Attachments?.find(({ InstanceId }) => InstanceId === instanceId)
  return {
    id: volume.VolumeId ?? '',
    name: tags.Name || undefined,
    size: volume.Size ?? 0,
    status: volume.State ?? '',
    type: volume.VolumeType,
    zone: volume.AvailabilityZone ?? '',
    instanceId,
    device: attachment?.Device,
    attachStatus: attachment?.State,
    snapshotId: volume.SnapshotId || undefined,
    snapshotIds,
    encrypted: volume.Encrypted === true,
    createTime: volume.CreateTime,
    tags,
  }
}
