import type { GetConsoleOutputRequest, GetConsoleOutputResult } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { endDryRun } from '../dry-run.js'
import type { InstanceRecord } from '../state.js'
import { requireInstances } from './describe-instances.js'

/**
 * What the instance wrote on its console, newest last, at most 64 KiB. It is always up to date here, so `Latest` makes no
 * difference. Source: EC2 API reference, GetConsoleOutput.
 */
export async function getConsoleOutput(input: GetConsoleOutputRequest, cloud: Cloud): Promise<GetConsoleOutputResult> {
  const instance = requireInstances(cloud.state.ec2, [input.InstanceId ?? ''])[0] as InstanceRecord
  endDryRun(input)
  const text = await cloud.engine.console(instance.id)
  const Output = text === '' ? undefined : Buffer.from(text).subarray(-65_536).toString('base64')
  return { InstanceId: instance.id, Timestamp: cloud.now(), Output }
}
