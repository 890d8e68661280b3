import type {
  DescribeVolumesModificationsRequest,
  DescribeVolumesModificationsResult,
  ModifyVolumeRequest,
  ModifyVolumeResult,
  VolumeModification,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { unsupported } from '../unsupported.js'
import { requireVolumes } from './find.js'
import { type ModificationRecord, settingsOf, type VolumeRecord, type VolumeSettings } from './records.js'
import { checkSettings, hasIops, isVolumeType } from './volume-types.js'
import { volumeWorkOf } from './volume-work.js'

/**
 * Makes a volume larger, or of another type, also while it is attached. There is nothing to optimise afterwards, so it is
 * `completed` within moments and may be modified again at once.
 */
export function modifyVolume(input: ModifyVolumeRequest, cloud: Cloud): ModifyVolumeResult {
  if (!input.VolumeId) throw missingParameter('VolumeId')
  const [volume] = requireVolumes(cloud.state.ec2, [input.VolumeId]) as [VolumeRecord]
  if (input.MultiAttachEnabled) throw unsupported('volumes that several instances share (Multi-Attach)')
  const asked = [input.Size, input.VolumeType, input.Iops, input.Throughput]
  if (asked.every((one) => one === undefined)) throw missingParameter('size/volumeType/iops/throughput')
  if (volume.state !== 'available' && volume.state !== 'in-use') {
    throw new AwsError('IncorrectState', `The volume '${volume.id}' is in the '${volume.state}' state.`)
  }
  if (volume.modification?.state === 'modifying') {
    const message = `Volume ${volume.id} cannot be modified in modification state MODIFYING`
    throw new AwsError('IncorrectModificationState', message)
  }
  const to = target(volume, input)
  endDryRun(input)
  const modification: ModificationRecord = {
    state: 'modifying',
    from: settingsOf(volume),
    to,
    startedAt: cloud.now().toISOString(),
  }
  volume.modification = modification
  volumeWorkOf(cloud).due(volume.id)
  return { VolumeModification: describeModification(volume, modification) }
}

/** Source: EC2 API reference, ModifyVolume: what is kept and what is 3000 and 125 when the type changes. */
function target(volume: VolumeRecord, { Size: size = volume.size, ...input }: ModifyVolumeRequest): VolumeSettings {
  if (size < volume.size) {
    throw new AwsError('InvalidParameterValue', 'New size cannot be smaller than existing size')
  }
  if (size > volume.size && volume.rootOf !== undefined) {
    throw unsupported('larger root volumes after the launch: name the size in the launch, or attach a volume')
  }
  const type = input.VolumeType ?? volume.type
  const sameType = type === volume.type
  const iops = sameType ? volume.iops : 3000
  return checkSettings({
    size,
    type,
    iops: input.Iops ?? (isVolumeType(type) && hasIops(type) ? iops : undefined),
    throughput: input.Throughput ?? (sameType ? volume.throughput : undefined),
  })
}

type Modified = VolumeRecord & { modification: ModificationRecord }

/** Of each volume its latest modification. @throws AwsError InvalidVolumeModification.NotFound for one that has none */
export function describeVolumesModifications(
  input: DescribeVolumesModificationsRequest,
  cloud: Cloud,
): DescribeVolumesModificationsResult {
  const { ec2 } = cloud.state
  const matches = filterBy<Modified>(input.Filters, {
    'volume-id': ({ id }) => id,
    'modification-state': ({ modification }) => modification.state,
    'start-time': ({ modification }) => modification.startedAt,
    'original-size': ({ modification }) => modification.from.size,
    'original-iops': ({ modification }) => modification.from.iops,
    'original-volume-type': ({ modification }) => modification.from.type,
    'target-size': ({ modification }) => modification.to.size,
    'target-iops': ({ modification }) => modification.to.iops,
    'target-volume-type': ({ modification }) => modification.to.type,
    originalMultiAttachEnabled: () => false,
    targetMultiAttachEnabled: () => false,
  })
  const asked = input.VolumeIds?.length ? requireVolumes(ec2, input.VolumeIds) : Object.values(ec2.volumes)
  const modified = asked.filter((volume): volume is Modified => volume.modification !== undefined)
  if (input.VolumeIds?.length && modified.length < asked.length) {
    const without = asked.find(({ modification }) => modification === undefined)
    const message = `Modification for volume '${without?.id}' does not exist.`
    throw new AwsError('InvalidVolumeModification.NotFound', message)
  }
  endDryRun(input)
  const found = modified.filter(matches).sort((a, b) => (a.id < b.id ? -1 : 1))
  const { page, NextToken } = paginate(found, ({ id }) => id, input, { min: 1, max: 500 })
  return { VolumesModifications: page.map((volume) => describeModification(volume, volume.modification)), NextToken }
}

function describeModification(
  { id }: VolumeRecord,
  { from, to, ...modification }: ModificationRecord,
): VolumeModification {
  return {
    VolumeId: id,
    ModificationState: modification.state,
    StatusMessage: modification.message,
    OriginalSize: from.size,
    OriginalVolumeType: from.type,
    OriginalIops: from.iops,
    OriginalThroughput: from.throughput,
    OriginalMultiAttachEnabled: false,
    TargetSize: to.size,
    TargetVolumeType: to.type,
    TargetIops: to.iops,
    TargetThroughput: to.throughput,
    TargetMultiAttachEnabled: false,
    Progress: modification.state === 'completed' ? 100 : 0,
    StartTime: new Date(modification.startedAt),
    EndTime: modification.endedAt === undefined ? undefined : new Date(modification.endedAt),
  }
}
