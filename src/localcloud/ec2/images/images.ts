import type {
  BlockDeviceMapping,
  DescribeImagesRequest,
  DescribeImagesResult,
  EbsBlockDevice,
  Image,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { isId, malformedId, own } from '../resource-ids.js'
import type { Ec2State, ImageRecord } from '../state.js'
import { tagList, tagsOf } from '../tags/tags.js'
import { IMAGE_FILTERS } from './image-filters.js'
import { inScope, isPublic, ownerOf } from './owners.js'

export const ROOT_DEVICE = '/dev/xvda'
/** Size of the root volume when the launch names none; a smaller one cannot hold the image. */
export const ROOT_VOLUME_GIB = 8

/**
 * An image by its id, by the name of its distribution (`debian-12`), or `default`.
 *
 * @throws AwsError InvalidAMIID.Malformed, InvalidAMIID.NotFound
 */
export function requireImage(state: Ec2State, asked: string): ImageRecord {
  const id = asked === 'default' ? state.defaultImageId : asked
  const byId = id === undefined ? undefined : own(state.images, id)
  const image = byId ?? Object.values(state.images).findLast((candidate) => candidate.name === asked)
  if (image) return image
  if (asked === 'default') {
    const message = `The image id '[${asked}]' does not exist: the local cloud has no base image yet`
    throw new AwsError('InvalidAMIID.NotFound', message)
  }
  if (asked.endsWith('-systemd')) {
    const message = `The image id '[${asked}]' does not exist: "starcluster local image build --systemd" makes it`
    throw new AwsError('InvalidAMIID.NotFound', message)
  }
  if (!isId('ami', asked)) throw malformedId('image', asked)
  throw new AwsError('InvalidAMIID.NotFound', `The image id '[${asked}]' does not exist`)
}

/** @throws AwsError InvalidAMIID.Unavailable */
export function requireAvailable(image: ImageRecord): ImageRecord {
  const state = image.state ?? 'available'
  if (state === 'available') return image
  throw new AwsError('InvalidAMIID.Unavailable', `The image ID '${image.id}' is not available: it is ${state}`)
}

export function describeImages(input: DescribeImagesRequest, cloud: Cloud): DescribeImagesResult {
  const { ec2 } = cloud.state
  const told = (image: ImageRecord) => describeImage(cloud, image)
  const matches = filterBy(input.Filters, IMAGE_FILTERS, ({ ImageId = '' }) => tagsOf(ec2, ImageId))
  const scope = inScope(input, cloud)
  const asked = input.ImageIds?.length ? input.ImageIds.map((id) => requireImage(ec2, id)) : Object.values(ec2.images)
  endDryRun(input)
  const found = [...new Set(asked)].filter(scope).map(told).filter(matches)
  const images = found.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const { page, NextToken } = paginate(images, idOf, input, { min: 1, max: 1000 })
  return { Images: [...page], NextToken }
}

function mappingsOf(cloud: Cloud, { rootSnapshotId, rootVolumeSize, volumes = [] }: ImageRecord): BlockDeviceMapping[] {
  const { snapshots } = cloud.state.ec2
  const encrypted = (id = '') => own(snapshots, id)?.encrypted ?? false
  const root: EbsBlockDevice = {
    DeleteOnTermination: true,
    SnapshotId: rootSnapshotId,
    VolumeSize: rootVolumeSize ?? ROOT_VOLUME_GIB,
    VolumeType: 'gp3',
    Encrypted: encrypted(rootSnapshotId),
  }
  const others = volumes.map(({ device, ebs }) => ({
    DeviceName: device,
    Ebs: { DeleteOnTermination: true, Encrypted: encrypted(ebs.SnapshotId), VolumeType: 'gp2' as const, ...ebs },
  }))
  return [{ DeviceName: ROOT_DEVICE, Ebs: root }, ...others]
}

const idOf = ({ ImageId = '' }: Image) => ImageId

/** An image as it is told, its owner included. */
export function describeImage(cloud: Cloud, image: ImageRecord): Image {
  const owner = ownerOf(cloud, image)
  return {
    ImageId: image.id,
    Name: image.name,
    Description: image.description,
    ImageLocation: `${owner.alias ?? owner.id}/${image.name}`,
    ImageType: 'machine',
    State: image.state ?? 'available',
    StateReason: image.stateReason && { Code: image.stateReason.code, Message: image.stateReason.message },
    SourceInstanceId: image.sourceInstanceId,
    SourceImageId: image.sourceImageId,
    SourceImageRegion: image.sourceImageId === undefined ? undefined : cloud.region,
    OwnerId: owner.id,
    ImageOwnerAlias: owner.alias,
    Public: isPublic(image),
    CreationDate: image.createdAt,
    Architecture: image.architecture,
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    EnaSupport: true,
    ImdsSupport: 'v2.0',
    RootDeviceName: ROOT_DEVICE,
    RootDeviceType: 'ebs',
    BlockDeviceMappings: mappingsOf(cloud, image),
    Tags: tagList(cloud.state.ec2, image.id),
  }
}
