import type {
  DescribeVolumeAttributeRequest,
  DescribeVolumeAttributeResult,
  ModifyVolumeAttributeRequest,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { requireVolumes } from './find.js'
import type { VolumeRecord } from './records.js'

export function describeVolumeAttribute(
  input: DescribeVolumeAttributeRequest,
  cloud: Cloud,
): DescribeVolumeAttributeResult {
  const volume = requireVolume(cloud, input.VolumeId)
  const name = input.Attribute
  if (name !== 'autoEnableIO' && name !== 'productCodes') throw invalidValue(name, 'attribute', 'Unknown attribute.')
  endDryRun(input)
  if (name === 'productCodes') return { VolumeId: volume.id, ProductCodes: [] }
  return { VolumeId: volume.id, AutoEnableIO: { Value: volume.autoEnableIo ?? false } }
}

/** Kept and told; nothing here suspends the I/O of a volume. */
export function modifyVolumeAttribute(input: ModifyVolumeAttributeRequest, cloud: Cloud): undefined {
  const volume = requireVolume(cloud, input.VolumeId)
  const wanted = input.AutoEnableIO?.Value
  if (wanted === undefined) throw missingParameter('AutoEnableIO')
  endDryRun(input)
  volume.autoEnableIo = wanted
}

function requireVolume(cloud: Cloud, id: string | undefined): VolumeRecord {
  if (!id) throw missingParameter('VolumeId')
  return requireVolumes(cloud.state.ec2, [id])[0] as VolumeRecord
}
