import type {
  CopyImageRequest,
  CopyImageResult,
  CreateImageRequest,
  CreateImageResult,
  DeleteSnapshotReturnCode,
  DeregisterImageRequest,
  DeregisterImageResult,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { requireInstances } from '../instances/describe-instances.js'
import { lookUp, newId, own } from '../resource-ids.js'
import { dropSnapshot, snapshotsOf, usersOf } from '../snapshots/describe-snapshots.js'
import { snapshotById } from '../snapshots/find.js'
import type { ImageRecord, InstanceRecord } from '../state.js'
import { forgetTags, parseTagSpecifications, putTags, tagsOf } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { checkDescription } from './attributes.js'
import { copyImageVolumes, planImageVolumes } from './image-volumes.js'
import { imageWorkOf } from './image-work.js'
import { requireAvailable } from './images.js'
import { checkName } from './names.js'

/**
 * Makes an image of a running or stopped instance, with snapshots of its root volume and of those attached. It is `pending`
 * until its layer is copied, about a second. A running instance reboots for it unless NoReboot says otherwise, as on EC2.
 */
export function createImage(input: CreateImageRequest, cloud: Cloud): CreateImageResult {
  const { ec2 } = cloud.state
  if (!input.InstanceId) throw missingParameter('InstanceId')
  const name = checkName(ec2, input.Name)
  const [instance] = requireInstances(ec2, [input.InstanceId]) as [InstanceRecord]
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    const message = `The instance '${instance.id}' is not in a state from which an image can be made (${instance.state}).`
    throw new AwsError('IncorrectInstanceState', message)
  }
  const takeVolumes = planImageVolumes(input, instance, cloud)
  const description = checkDescription(input.Description ?? '')
  const tags = parseTagSpecifications(input.TagSpecifications, ['image', 'snapshot'])
  endDryRun(input)
  const image: ImageRecord = {
    id: newId('ami'),
    name,
    description,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    layers: [...instance.layers],
    createdAt: cloud.now().toISOString(),
    state: 'pending',
    sourceInstanceId: instance.id,
    ...(input.NoReboot ? { noReboot: true } : {}),
  }
  Object.assign(image, takeVolumes(image.id, tags.get('snapshot') ?? new Map()))
  ec2.images[image.id] = image
  putTags(ec2, image.id, tags.get('image') ?? new Map())
  imageWorkOf(cloud).due(image.id)
  return { ImageId: image.id }
}

/** Another name for the same layers and volumes, with snapshots of its own. */
export function copyImage(input: CopyImageRequest, cloud: Cloud): CopyImageResult {
  const { ec2 } = cloud.state
  if (!input.SourceImageId) throw missingParameter('SourceImageId')
  if (!input.SourceRegion) throw missingParameter('SourceRegion')
  if (input.SourceRegion !== cloud.region) throw unsupported(`images of another region (${input.SourceRegion})`)
  if (input.Encrypted) throw unsupported('encrypted volumes')
  if (input.DestinationOutpostArn) throw unsupported('Outposts')
  const name = checkName(ec2, input.Name)
  const description = checkDescription(input.Description ?? '')
  const [source] = lookUp('image', [input.SourceImageId], (id) => own(ec2.images, id)) as [ImageRecord]
  requireAvailable(source)
  const tags = parseTagSpecifications(input.TagSpecifications, ['image', 'snapshot'])
  endDryRun(input)
  const image: ImageRecord = {
    id: newId('ami'),
    name,
    description,
    architecture: source.architecture,
    layers: [...source.layers],
    createdAt: cloud.now().toISOString(),
    sourceImageId: source.id,
    ...(source.sourceInstanceId === undefined ? {} : { sourceInstanceId: source.sourceInstanceId }),
    ...copyImageVolumes(cloud, source, tags.get('snapshot') ?? new Map()),
  }
  ec2.images[image.id] = image
  const copied = input.CopyImageTags ? Object.entries(tagsOf(ec2, source.id)) : []
  putTags(ec2, image.id, new Map([...copied, ...(tags.get('image') ?? [])]))
  return { ImageId: image.id }
}

/**
 * No new instances from it; those there are go on. Its snapshots stay unless the request says otherwise, and its layers go
 * when nothing stands on them any more.
 */
export function deregisterImage(input: DeregisterImageRequest, cloud: Cloud): DeregisterImageResult {
  const { ec2 } = cloud.state
  if (!input.ImageId) throw missingParameter('ImageId')
  const [image] = lookUp('image', [input.ImageId], (id) => own(ec2.images, id)) as [ImageRecord]
  // The base image is found again at each start of the cloud: taking it away would only seem to work.
  if (image.base) {
    const message = `The image '${image.id}' is the base image of the local cloud and cannot be deregistered.`
    throw new AwsError('OperationNotPermitted', message)
  }
  endDryRun(input)
  delete ec2.images[image.id]
  forgetTags(ec2, image.id)
  imageWorkOf(cloud).tidy()
  if (!input.DeleteAssociatedSnapshots) return { Return: true }
  return { Return: true, DeleteSnapshotResults: snapshotsOf(image).map((id) => deleteWithImage(cloud, id)) }
}

/** One that another image names as well stays. */
function deleteWithImage(cloud: Cloud, id: string): DeleteSnapshotReturnCode {
  const { ec2 } = cloud.state
  if (usersOf(ec2, id).length > 0) return { SnapshotId: id, ReturnCode: 'skipped' }
  const snapshot = snapshotById(ec2, id)
  if (snapshot) dropSnapshot(cloud, snapshot)
  return { SnapshotId: id, ReturnCode: 'success' }
}
