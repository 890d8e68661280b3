import type { AttachVolumeRequest, DetachVolumeRequest, VolumeAttachment } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { requireInstances } from '../instances/describe-instances.js'
import type { InstanceRecord } from '../state.js'
import { unsupported } from '../unsupported.js'
import { type AttachedVolume, checkRoomFor, link, volumesOf } from './attachments.js'
import { checkDeviceName, deviceInUse } from './device-names.js'
import { requireVolumes } from './find.js'
import type { AttachmentRecord, VolumeRecord } from './records.js'
import { describeAttachment } from './views.js'
import { volumeWorkOf } from './volume-work.js'

/** A running instance sees it within moments, a stopped one with its next start. */
export function attachVolume(input: AttachVolumeRequest, cloud: Cloud): VolumeAttachment {
  const { ec2 } = cloud.state
  for (const name of ['VolumeId', 'InstanceId', 'Device'] as const) if (!input[name]) throw missingParameter(name)
  const [volume] = requireVolumes(ec2, [input.VolumeId ?? '']) as [VolumeRecord]
  const [instance] = requireInstances(ec2, [input.InstanceId ?? '']) as [InstanceRecord]
  const device = input.Device ?? ''
  checkDeviceName(device)
  if (volume.attachment) throw new AwsError('VolumeInUse', `${volume.id} is already attached to an instance`)
  if (volume.state !== 'available') throw new AwsError('IncorrectState', `${volume.id} is not 'available'.`)
  if (volume.rootOf !== undefined) {
    throw unsupported(
      `root volumes on other instances (${volume.id}): make a snapshot of it and register an image of that`,
    )
  }
  if (volume.zone !== instance.zone) {
    const message = `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`
    throw new AwsError('InvalidVolume.ZoneMismatch', message)
  }
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw new AwsError('IncorrectState', `Instance '${instance.id}' is not 'running'.`)
  }
  const taken = volumesOf(ec2, instance).map(({ attachment }) => attachment.device)
  checkRoomFor(device, taken, deviceInUse)
  endDryRun(input)
  link(cloud, volume, instance, { device, state: 'attaching', deleteOnTermination: false })
  volume.state = 'in-use'
  volumeWorkOf(cloud).due(volume.id)
  return describeAttachment(volume, volume.attachment as unknown as AttachmentRecord)
}

/** Done once the instance has it unmounted; until then it is `busy`. With Force the mount is taken away. */
export function detachVolume(input: DetachVolumeRequest, cloud: Cloud): VolumeAttachment {
  const { ec2 } = cloud.state
  if (!input.VolumeId) throw missingParameter('VolumeId')
  const volume = attachedVolume(requireVolumes(ec2, [input.VolumeId])[0] as VolumeRecord)
  const { attachment } = volume
  const [instance] = requireInstances(ec2, [input.InstanceId ?? attachment.instanceId]) as [InstanceRecord]
  if (instance.id !== attachment.instanceId || (input.Device !== undefined && input.Device !== attachment.device)) {
    const message = `Volume '${volume.id}' is not attached to instance '${instance.id}'${input.Device ? ` at device ${input.Device}` : ''}`
    throw new AwsError('InvalidAttachment.NotFound', message)
  }
  if (volume.rootOf !== undefined) {
    const message = `Unable to detach root volume '${volume.id}' from instance '${instance.id}'`
    if (instance.state !== 'stopped') throw new AwsError('IncorrectState', message)
    throw unsupported(`instances without a root volume (${message})`)
  }
  if (volume.state !== 'in-use' && volume.state !== 'error') {
    throw new AwsError('IncorrectState', `Volume '${volume.id}' is in the '${volume.state}' state.`)
  }
  endDryRun(input)
  if (input.Force) attachment.force = true
  if (attachment.state !== 'busy') attachment.state = 'detaching'
  volumeWorkOf(cloud).due(volume.id)
  return describeAttachment(volume, attachment)
}

/** @throws AwsError IncorrectState */
function attachedVolume(volume: VolumeRecord): AttachedVolume {
  if (volume.attachment) return volume as AttachedVolume
  throw new AwsError('IncorrectState', `Volume '${volume.id}' is in the '${volume.state}' state.`)
}
