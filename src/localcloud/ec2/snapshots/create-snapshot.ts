import type {
  CopySnapshotRequest,
  CopySnapshotResult,
  CreateSnapshotRequest,
  CreateSnapshotsRequest,
  CreateSnapshotsResult,
  Snapshot,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { requireInstances } from '../instances/describe-instances.js'
import { newId } from '../resource-ids.js'
import type { InstanceRecord } from '../state.js'
import { parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { volumesOf } from '../volumes/attachments.js'
import { requireVolumes } from '../volumes/find.js'
import type { VolumeRecord } from '../volumes/records.js'
import { volumeWorkOf } from '../volumes/volume-work.js'
import { requireSnapshots } from './find.js'
import type { SnapshotRecord } from './records.js'
import { describeSnapshot, snapshotInfo } from './views.js'

/** The volume's content as it is now, in use or not, as after a crash; `pending` until it is taken. */
export function createSnapshot(input: CreateSnapshotRequest, cloud: Cloud): Snapshot {
  if (!input.VolumeId) throw missingParameter('VolumeId')
  const [volume] = requireVolumes(cloud.state.ec2, [input.VolumeId]) as [VolumeRecord]
  refusePlaces(input)
  checkVolume(volume)
  checkDescription(input.Description)
  const tags = parseTagSpecification(input.TagSpecifications, 'snapshot')
  endDryRun(input)
  const snapshot = addSnapshot(cloud, volume, { description: input.Description })
  putTags(cloud.state.ec2, snapshot.id, tags)
  volumeWorkOf(cloud).due(volume.id)
  return describeSnapshot(cloud, snapshot)
}

/** Of an instance's volumes, one after the other. */
export function createSnapshots(input: CreateSnapshotsRequest, cloud: Cloud): CreateSnapshotsResult {
  const { ec2 } = cloud.state
  const { InstanceId, ExcludeBootVolume, ExcludeDataVolumeIds = [] } = input.InstanceSpecification ?? {}
  if (!InstanceId) throw missingParameter('InstanceSpecification.InstanceId')
  const [instance] = requireInstances(ec2, [InstanceId]) as [InstanceRecord]
  refusePlaces(input)
  const attached = volumesOf(ec2, instance)
  for (const { id, rootOf } of requireVolumes(ec2, ExcludeDataVolumeIds)) {
    if (rootOf === undefined && attached.some((volume) => volume.id === id)) continue
    throw invalidValue(id, 'ExcludeDataVolumeIds', `It is not a data volume of ${InstanceId}.`)
  }
  const volumes = attached.filter(
    ({ id, rootOf }) => !(rootOf && ExcludeBootVolume) && !ExcludeDataVolumeIds.includes(id),
  )
  for (const volume of volumes) checkVolume(volume)
  checkDescription(input.Description)
  const tags = parseTagSpecification(input.TagSpecifications, 'snapshot')
  endDryRun(input)
  const snapshots = volumes.map((volume) => {
    const snapshot = addSnapshot(cloud, volume, { description: input.Description })
    const copied = input.CopyTagsFromSource === 'volume' ? Object.entries(tagsOf(ec2, volume.id)) : []
    putTags(ec2, snapshot.id, new Map([...copied, ...tags]))
    volumeWorkOf(cloud).due(volume.id)
    return snapshot
  })
  return { Snapshots: snapshots.map((snapshot) => snapshotInfo(cloud, snapshot)) }
}

function refusePlaces({
  OutpostArn,
  Location,
}: {
  OutpostArn?: string | undefined
  Location?: string | undefined
}): void {
  if (OutpostArn) throw unsupported('Outposts')
  if (Location === 'local') throw unsupported('snapshots in Local Zones')
}

function checkDescription(description = ''): void {
  if (description.length > 255)
    throw invalidValue(description, 'description', 'It must be at most 255 characters long.')
}

/** @throws AwsError IncorrectState */
function checkVolume({ id, state }: VolumeRecord): void {
  if (state === 'available' || state === 'in-use') return
  throw new AwsError('IncorrectState', `The volume '${id}' is in the '${state}' state.`)
}

/** Records a snapshot to be taken of a volume; by an image's maker when it is for one. */
export function addSnapshot(
  cloud: Cloud,
  volume: VolumeRecord,
  { description = '', forImage }: { description?: string | undefined; forImage?: string },
): SnapshotRecord {
  const id = newId('snap')
  const snapshot: SnapshotRecord = {
    id,
    volumeId: volume.id,
    size: volume.size,
    description,
    encrypted: volume.encrypted,
    startedAt: cloud.now().toISOString(),
    state: 'pending',
    ...(volume.rootOf === undefined ? { content: id } : { layers: layersUnder(cloud, volume.rootOf) }),
    ...(forImage === undefined ? {} : { forImage }),
  }
  cloud.state.ec2.snapshots[id] = snapshot
  return snapshot
}

/** What a root volume stands on; kept with a volume that outlived its instance. */
function layersUnder(cloud: Cloud, instance: string): string[] {
  const { instances, volumes } = cloud.state.ec2
  const kept = Object.values(volumes).find(({ rootOf }) => rootOf === instance)?.layers
  return [...(instances[instance]?.layers ?? kept ?? [])]
}

/** Another name for the same content. */
export function copySnapshot(input: CopySnapshotRequest, cloud: Cloud): CopySnapshotResult {
  const { ec2 } = cloud.state
  if (!input.SourceSnapshotId) throw missingParameter('SourceSnapshotId')
  if (!input.SourceRegion) throw missingParameter('SourceRegion')
  if (input.SourceRegion !== cloud.region) throw unsupported(`snapshots of another region (${input.SourceRegion})`)
  if (input.DestinationOutpostArn) throw unsupported('Outposts')
  if (input.DestinationAvailabilityZone) throw unsupported('Local Zones')
  const [source] = requireSnapshots(ec2, [input.SourceSnapshotId]) as [SnapshotRecord]
  if (source.state !== 'completed') {
    throw new AwsError('IncorrectState', `Snapshot is in invalid state - ${source.state}`)
  }
  checkDescription(input.Description)
  const tags = parseTagSpecification(input.TagSpecifications, 'snapshot')
  endDryRun(input)
  const copy = addCopy(cloud, source, input.Description ?? '', input.Encrypted)
  putTags(ec2, copy.id, tags)
  return { SnapshotId: copy.id, Tags: tagList(ec2, copy.id) }
}

/** What EC2 tells as the volume of a copy. */
const NO_VOLUME = 'vol-ffffffff'

export function addCopy(cloud: Cloud, source: SnapshotRecord, description: string, encrypted = false): SnapshotRecord {
  const now = cloud.now().toISOString()
  const { stateMessage: _none, ...kept } = source
  const copy: SnapshotRecord = {
    ...kept,
    ...(source.layers ? { layers: [...source.layers] } : {}),
    id: newId('snap'),
    volumeId: NO_VOLUME,
    description,
    encrypted: source.encrypted || encrypted,
    startedAt: now,
    completedAt: now,
  }
  cloud.state.ec2.snapshots[copy.id] = copy
  return copy
}
