import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import { own } from '../resource-ids.js'
import type { Ec2State, InstanceRecord } from '../state.js'
import { attachmentPoint, devicePath } from './device-names.js'
import type { AttachmentRecord, VolumeRecord } from './records.js'

/**
 * Volumes, network interfaces and so on an instance may have. Source: EBS User Guide, "Amazon EBS volume limits for Amazon
 * EC2 instances": most types share 28 attachments between volumes and interfaces.
 */
const MOST_VOLUMES = 27

/** A volume that has an attachment. */
export type AttachedVolume = VolumeRecord & { attachment: AttachmentRecord }

/** The volumes of an instance, the root volume first, the others in the order of their attachment. */
export function volumesOf(state: Ec2State, instance: InstanceRecord): AttachedVolume[] {
  const volumes = instance.volumeIds.map((id) => own(state.volumes, id))
  return volumes.filter((volume): volume is AttachedVolume => volume?.attachment?.instanceId === instance.id)
}

/** Those that are not its own disk. */
export function dataVolumesOf(state: Ec2State, instance: InstanceRecord): AttachedVolume[] {
  return volumesOf(state, instance).filter((volume) => volume.rootOf === undefined)
}

/** What a node of the instance is to see from its next boot on. */
export function volumesToShow(state: Ec2State, instance: InstanceRecord): { volume: string; device: string }[] {
  const shown = dataVolumesOf(state, instance).filter(
    ({ state: is, attachment }) =>
      is === 'in-use' && (attachment.state === 'attaching' || attachment.state === 'attached'),
  )
  return shown.map(({ id, attachment }) => ({ volume: id, device: devicePath(attachment.device) }))
}

/** @throws AwsError InvalidParameterValue, AttachmentLimitExceeded */
export function checkRoomFor(device: string, taken: readonly string[], refuse: (device: string) => AwsError): void {
  if (taken.some((name) => attachmentPoint(name) === attachmentPoint(device))) throw refuse(device)
  if (taken.length < MOST_VOLUMES) return
  throw new AwsError('AttachmentLimitExceeded', 'Volume attachment limit exceeded')
}

export function link(
  cloud: Cloud,
  volume: VolumeRecord,
  instance: InstanceRecord,
  attachment: Pick<AttachmentRecord, 'device' | 'state' | 'deleteOnTermination'>,
): void {
  volume.attachment = { instanceId: instance.id, at: cloud.now().toISOString(), ...attachment }
  delete volume.failure
  instance.volumeIds.push(volume.id)
}

/** The volume is nobody's from now on; its own state is the caller's. */
export function unlink(state: Ec2State, volume: VolumeRecord): void {
  const instance = own(state.instances, volume.attachment?.instanceId ?? '')
  if (instance) instance.volumeIds = instance.volumeIds.filter((id) => id !== volume.id)
  delete volume.attachment
}
