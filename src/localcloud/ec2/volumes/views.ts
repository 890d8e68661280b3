import type { EbsInstanceBlockDevice, InstanceBlockDeviceMapping, Volume, VolumeAttachment } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import type { InstanceRecord } from '../state.js'
import { tagList } from '../tags/tags.js'
import { zoneIdOf } from '../vpc/zones.js'
import { volumesOf } from './attachments.js'
import type { AttachmentRecord, VolumeRecord } from './records.js'

export function describeVolume(cloud: Cloud, volume: VolumeRecord): Volume {
  const { attachment } = volume
  return {
    VolumeId: volume.id,
    Size: volume.size,
    SnapshotId: volume.snapshotId ?? '',
    AvailabilityZone: volume.zone,
    AvailabilityZoneId: zoneIdOf(volume.zone),
    State: volume.state,
    CreateTime: new Date(volume.createdAt),
    Attachments: attachment ? [describeAttachment(volume, attachment)] : [],
    Encrypted: volume.encrypted,
    KmsKeyId: volume.kmsKeyId,
    VolumeType: volume.type,
    Iops: volume.iops,
    Throughput: volume.throughput,
    MultiAttachEnabled: false,
    Tags: tagList(cloud.state.ec2, volume.id),
  }
}

export function describeAttachment(volume: VolumeRecord, attachment: AttachmentRecord): VolumeAttachment {
  return {
    VolumeId: volume.id,
    InstanceId: attachment.instanceId,
    Device: attachment.device,
    State: attachment.state,
    AttachTime: new Date(attachment.at),
    DeleteOnTermination: attachment.deleteOnTermination,
  }
}

/** As an instance tells its volumes; `busy` is not among the words it has for them. */
export function blockDeviceMappings(cloud: Cloud, instance: InstanceRecord): InstanceBlockDeviceMapping[] {
  return volumesOf(cloud.state.ec2, instance).map(({ id, attachment }) => ({
    DeviceName: attachment.device,
    Ebs: {
      VolumeId: id,
      Status: statusOf(attachment),
      AttachTime: new Date(attachment.at),
      DeleteOnTermination: attachment.deleteOnTermination,
    },
  }))
}

export const statusOf = ({ state }: AttachmentRecord): EbsInstanceBlockDevice['Status'] =>
  state === 'busy' ? 'detaching' : state
