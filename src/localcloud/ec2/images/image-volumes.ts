import type { BlockDeviceMapping, CreateImageRequest, EbsBlockDevice } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { checkDataVolume, checkMapping } from '../instances/launch-volumes.js'
import { own } from '../resource-ids.js'
import { addCopy, addSnapshot } from '../snapshots/create-snapshot.js'
import type { SnapshotRecord } from '../snapshots/records.js'
import type { ImageRecord, ImageVolume, InstanceRecord } from '../state.js'
import { putTags } from '../tags/tags.js'
import { type AttachedVolume, checkRoomFor, volumesOf } from '../volumes/attachments.js'
import { attachmentPoint } from '../volumes/device-names.js'
import type { VolumeRecord } from '../volumes/records.js'
import { hasIops } from '../volumes/volume-types.js'
import { badMapping } from './bad-mapping.js'
import { ROOT_DEVICE, ROOT_VOLUME_GIB } from './images.js'

/** What an image knows of its volumes. */
export type ImageVolumes = Pick<ImageRecord, 'rootSnapshotId' | 'rootVolumeSize' | 'volumes'>

/**
 * The volumes of an image of an instance: the root volume and each attached one as it is now, without those that the
 * request leaves out, with those it adds. Everything is looked at here; the returned function records the snapshots.
 *
 * @throws AwsError InvalidBlockDeviceMapping and what a volume's settings are refused for
 */
export function planImageVolumes(
  input: CreateImageRequest,
  instance: InstanceRecord,
  cloud: Cloud,
): (image: string, tags: ReadonlyMap<string, string>) => ImageVolumes {
  const asked = input.BlockDeviceMappings ?? []
  for (const mapping of asked) checkMapping(mapping)
  const [root, ...attached] = volumesOf(cloud.state.ec2, instance)
  const rootSize = sizeOf(find(asked, ROOT_DEVICE), root?.size ?? ROOT_VOLUME_GIB)
  const kept = attached.filter(
    ({ state, attachment }) => state === 'in-use' && find(asked, attachment.device)?.NoDevice === undefined,
  )
  const added = asked.filter(
    ({ DeviceName: device = '', Ebs: ebs, NoDevice: none }) =>
      ebs &&
      none === undefined &&
      !volumesOf(cloud.state.ec2, instance).some((one) => at(one.attachment.device, device)),
  )
  const taken = [ROOT_DEVICE, ...kept.map(({ attachment }) => attachment.device)]
  for (const { DeviceName: device = '', Ebs: ebs = {} } of added) {
    checkRoomFor(device, taken, () => badMapping(`${device} is mapped twice`))
    checkDataVolume(device, ebs, cloud)
    taken.push(device)
  }
  return (image, tags) => {
    const take = (volume: VolumeRecord) => {
      const description = `Created by CreateImage(${instance.id}) for ${image}`
      const snapshot = addSnapshot(cloud, volume, { description, forImage: image })
      putTags(cloud.state.ec2, snapshot.id, tags)
      return snapshot.id
    }
    return {
      ...(root ? { rootSnapshotId: take(root) } : {}),
      ...(rootSize === ROOT_VOLUME_GIB ? {} : { rootVolumeSize: rootSize }),
      volumes: [
        ...kept.map((volume) => volumeOf(volume, find(asked, volume.attachment.device)?.Ebs, take(volume))),
        ...added.map(({ DeviceName: device = '', Ebs: ebs = {} }) => ({ device, ebs })),
      ],
    }
  }
}

const at = (device: string, other: string) => attachmentPoint(device) === attachmentPoint(other)

const find = (mappings: readonly BlockDeviceMapping[], device: string) =>
  mappings.find(({ DeviceName }) => at(DeviceName ?? '', device))

function sizeOf(mapping: BlockDeviceMapping | undefined, least: number): number {
  const size = mapping?.Ebs?.VolumeSize ?? least
  if (size < least) throw badMapping(`Volume of size ${size}GB is smaller than the volume, expect size >= ${least}GB`)
  return size
}

function volumeOf(volume: AttachedVolume, change: EbsBlockDevice | undefined, SnapshotId: string): ImageVolume {
  const { device, deleteOnTermination } = volume.attachment
  return {
    device,
    ebs: {
      SnapshotId,
      VolumeSize: change?.VolumeSize ?? volume.size,
      VolumeType: volume.type,
      DeleteOnTermination: change?.DeleteOnTermination ?? deleteOnTermination,
      ...(hasIops(volume.type) && volume.iops !== undefined ? { Iops: volume.iops } : {}),
      ...(volume.throughput === undefined ? {} : { Throughput: volume.throughput }),
    },
  }
}

/** The volumes of a copy of an image, with snapshots of its own for each of the image's. */
export function copyImageVolumes(cloud: Cloud, source: ImageRecord, tags: ReadonlyMap<string, string>): ImageVolumes {
  const copy = (id: string | undefined) => {
    const snapshot = own(cloud.state.ec2.snapshots, id ?? '')
    if (!snapshot) return undefined
    const copied = addCopy(cloud, snapshot, `Copied for ${source.id} from ${source.id}`)
    putTags(cloud.state.ec2, copied.id, tags)
    return copied.id
  }
  const rootSnapshotId = copy(source.rootSnapshotId)
  return {
    ...(rootSnapshotId === undefined ? {} : { rootSnapshotId }),
    ...(source.rootVolumeSize === undefined ? {} : { rootVolumeSize: source.rootVolumeSize }),
    volumes: (source.volumes ?? []).map(({ device, ebs }) => {
      const { SnapshotId: of, ...rest } = ebs
      const SnapshotId = copy(of)
      return { device, ebs: SnapshotId === undefined ? rest : { ...rest, SnapshotId } }
    }),
  }
}

/** Snapshots that are being made for an image. */
export function snapshotsFor(cloud: Cloud, image: string): SnapshotRecord[] {
  return Object.values(cloud.state.ec2.snapshots).filter(
    ({ forImage, state }) => forImage === image && state === 'pending',
  )
}
