import type { ModifyInstanceMetadataOptionsRequest, ModifyInstanceMetadataOptionsResult } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { endDryRun } from '../dry-run.js'
import type { InstanceRecord } from '../state.js'
import { requireInstances } from './describe-instances.js'
import { describeMetadataOptions, mergeMetadata } from './metadata-options.js'

/** In force at once. */
export function modifyInstanceMetadataOptions(
  input: ModifyInstanceMetadataOptionsRequest,
  cloud: Cloud,
): ModifyInstanceMetadataOptionsResult {
  const instance = requireInstances(cloud.state.ec2, [input.InstanceId ?? ''])[0] as InstanceRecord
  const metadata = mergeMetadata(instance.metadata, input)
  endDryRun(input)
  instance.metadata = metadata
  return { InstanceId: instance.id, InstanceMetadataOptions: describeMetadataOptions(metadata) }
}
