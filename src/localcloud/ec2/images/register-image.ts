import type { RegisterImageRequest, RegisterImageResult } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { checkDataVolume, checkMapping } from '../instances/launch-volumes.js'
import { newId } from '../resource-ids.js'
import { requireSnapshots } from '../snapshots/find.js'
import type { SnapshotRecord } from '../snapshots/records.js'
import type { ImageRecord } from '../state.js'
import { parseTagSpecification, putTags } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { checkRoomFor } from '../volumes/attachments.js'
import { badMapping } from './bad-mapping.js'
import { ROOT_DEVICE, ROOT_VOLUME_GIB } from './images.js'
import { checkName } from './names.js'

const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x86_64'

/** An image of the snapshot of a root volume, and of volumes beside it. */
export function registerImage(input: RegisterImageRequest, cloud: Cloud): RegisterImageResult {
  const { ec2 } = cloud.state
  const name = checkName(ec2, input.Name)
  refuseUnsupported(input)
  const mappings = input.BlockDeviceMappings ?? []
  for (const mapping of mappings) checkMapping(mapping)
  const root = mappings.find(({ DeviceName }) => DeviceName === ROOT_DEVICE)
  if (!root?.Ebs?.SnapshotId) throw badMapping(`The root device ${ROOT_DEVICE} must be mapped to a snapshot`)
  const snapshot = rootSnapshot(cloud, root.Ebs.SnapshotId)
  const size = root.Ebs.VolumeSize ?? snapshot.size
  if (size < snapshot.size) {
    throw badMapping(
      `Volume of size ${size}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.size}GB`,
    )
  }
  const others = mappings.filter(
    ({ Ebs: ebs, NoDevice: none }, at) => mappings[at] !== root && ebs && none === undefined,
  )
  const taken = [ROOT_DEVICE]
  for (const { DeviceName: device = '', Ebs: ebs = {} } of others) {
    checkRoomFor(device, taken, () => badMapping(`${device} is mapped twice`))
    checkDataVolume(device, ebs, cloud)
    taken.push(device)
  }
  const tags = parseTagSpecification(input.TagSpecifications, 'image')
  endDryRun(input)
  const image: ImageRecord = {
    id: newId('ami'),
    name,
    description: input.Description ?? '',
    architecture: ARCHITECTURE,
    layers: [...(snapshot.layers ?? [])],
    createdAt: cloud.now().toISOString(),
    rootSnapshotId: snapshot.id,
    ...(size === ROOT_VOLUME_GIB ? {} : { rootVolumeSize: size }),
    volumes: others.map(({ DeviceName: device = '', Ebs: ebs = {} }) => ({ device, ebs })),
  }
  ec2.images[image.id] = image
  putTags(ec2, image.id, tags)
  return { ImageId: image.id }
}

function refuseUnsupported(input: RegisterImageRequest): void {
  if (input.ImageLocation) throw unsupported('images in S3')
  if (input.KernelId || input.RamdiskId) throw unsupported('kernels and RAM disks of its own')
  const { Architecture: wanted = ARCHITECTURE, VirtualizationType: virtual = 'hvm', RootDeviceName: root } = input
  if (wanted !== ARCHITECTURE) throw unsupported(`images for ${wanted}`)
  if (virtual !== 'hvm') throw unsupported(`images for ${virtual} virtualization`)
  if (root === undefined) throw missingParameter('rootDeviceName')
  if (root !== ROOT_DEVICE) throw unsupported(`root devices other than ${ROOT_DEVICE} (${root})`)
}

/** @throws AwsError IncorrectState; UnsupportedOperation for one that no root volume gave its content */
function rootSnapshot(cloud: Cloud, id: string): SnapshotRecord {
  const [snapshot] = requireSnapshots(cloud.state.ec2, [id]) as [SnapshotRecord]
  if (snapshot.state !== 'completed') {
    throw new AwsError('IncorrectState', `Snapshot is in invalid state - ${snapshot.state}`)
  }
  if (snapshot.layers) return snapshot
  throw unsupported(`images of a data volume's snapshot (${id}): its content does not boot here`)
}
