import type { Cloud } from '../../cloud.js'
import { invalidCombination } from '../../protocol/aws-error.js'
import { lookUp, own } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import type { VolumeRecord } from './records.js'

/** @throws AwsError InvalidParameterValue, InvalidVolume.NotFound */
export function requireVolumes(state: Ec2State, ids: readonly string[]): VolumeRecord[] {
  return lookUp('volume', ids, (id) => own(state.volumes, id))
}

/** The key a volume is said to be encrypted with: the one asked for, else the account's own for EBS. @throws AwsError */
export function kmsKeyOf(cloud: Cloud, encrypted: boolean, asked: string | undefined): { kmsKeyId?: string } {
  if (!encrypted) {
    if (asked !== undefined)
      throw invalidCombination('The parameter KmsKeyId requires the parameter Encrypted to be set.')
    return {}
  }
  const key = asked ?? 'alias/aws/ebs'
  if (key.startsWith('arn:')) return { kmsKeyId: key }
  const name = key.startsWith('alias/') ? key : `key/${key}`
  return { kmsKeyId: `arn:aws:kms:${cloud.region}:${cloud.accountId}:${name}` }
}
