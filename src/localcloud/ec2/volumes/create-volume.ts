import type { CreateVolumeRequest, DeleteVolumeRequest, Volume } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, missingParameter } from '../../protocol/aws-error.js'
import { checkToken, fingerprintOf, tokenMismatch } from '../client-token.js'
import { endDryRun } from '../dry-run.js'
import { newId } from '../resource-ids.js'
import { snapshotContent, usableSnapshot } from '../snapshots/find.js'
import type { Ec2State } from '../state.js'
import { parseTagSpecification, putTags } from '../tags/tags.js'
import { unsupported } from '../unsupported.js'
import { ZONES, zoneByName } from '../vpc/zones.js'
import { kmsKeyOf, requireVolumes } from './find.js'
import type { VolumeRecord } from './records.js'
import { describeVolume } from './views.js'
import { checkSettings } from './volume-types.js'
import { volumeWorkOf } from './volume-work.js'

/** An empty volume, or one with a snapshot's content, in one zone; `creating` until the engine has made it. */
export function createVolume(input: CreateVolumeRequest, cloud: Cloud): Volume {
  const { ec2 } = cloud.state
  const token = input.ClientToken
  const fingerprint = token ? fingerprintOf(input) : ''
  const known = token ? madeBefore(ec2, token, fingerprint) : undefined
  if (known && !input.DryRun) return answer(cloud, known)
  refuseUnsupported(input)
  const zone = parseZone(input)
  const snapshot = input.SnapshotId === undefined ? undefined : usableSnapshot(ec2, input.SnapshotId)
  const size = input.Size ?? snapshot?.size
  if (size === undefined) throw missingParameter('size/snapshot')
  const settings = checkSettings({
    size,
    type: input.VolumeType ?? 'gp2',
    iops: input.Iops,
    throughput: input.Throughput,
  })
  if (snapshot && size < snapshot.size) {
    throw new AwsError(
      'InvalidParameterValue',
      `The size of a volume can not be less than the size of snapshot '${snapshot.id}'.`,
    )
  }
  const encrypted = input.Encrypted ?? snapshot?.encrypted ?? false
  const tags = parseTagSpecification(input.TagSpecifications, 'volume')
  const key = kmsKeyOf(cloud, encrypted, input.KmsKeyId)
  endDryRun(input)
  const volume: VolumeRecord = {
    id: newId('vol'),
    zone,
    ...settings,
    encrypted: encrypted || snapshot?.encrypted === true,
    ...key,
    ...snapshotContent(snapshot),
    createdAt: cloud.now().toISOString(),
    state: 'creating',
    ...(token ? { clientToken: token, fingerprint } : {}),
  }
  ec2.volumes[volume.id] = volume
  putTags(ec2, volume.id, tags)
  volumeWorkOf(cloud).due(volume.id)
  return answer(cloud, volume)
}

/** EC2 tells no attachments here. */
function answer(cloud: Cloud, volume: VolumeRecord): Volume {
  const { Attachments: _none, ...told } = describeVolume(cloud, volume)
  return told
}

/** @throws AwsError IdempotentParameterMismatch */
function madeBefore(state: Ec2State, token: string, fingerprint: string): VolumeRecord | undefined {
  checkToken(token)
  const volume = Object.values(state.volumes).find((one) => one.clientToken === token)
  if (volume && volume.fingerprint !== fingerprint) throw tokenMismatch()
  return volume
}

function refuseUnsupported(input: CreateVolumeRequest): void {
  if (input.MultiAttachEnabled) throw unsupported('volumes that several instances share (Multi-Attach)')
  if (input.OutpostArn) throw unsupported('Outposts')
  if (input.VolumeInitializationRate !== undefined) throw unsupported('rates of volume initialization')
}

/** @throws AwsError MissingParameter, InvalidParameterCombination, InvalidZone.NotFound */
function parseZone({ AvailabilityZone: name, AvailabilityZoneId: id }: CreateVolumeRequest): string {
  if (name !== undefined && id !== undefined) {
    throw invalidCombination('Either AvailabilityZone or AvailabilityZoneId must be specified, but not both')
  }
  if (name === undefined && id === undefined) throw missingParameter('AvailabilityZone')
  const zone = name === undefined ? ZONES.find((one) => one.id === id) : zoneByName(name)
  if (zone) return zone.name
  throw new AwsError('InvalidZone.NotFound', `The zone '${name ?? id}' does not exist.`)
}

/** @throws AwsError VolumeInUse while it is attached */
export function deleteVolume(input: DeleteVolumeRequest, cloud: Cloud): undefined {
  if (!input.VolumeId) throw missingParameter('VolumeId')
  const volume = requireVolumes(cloud.state.ec2, [input.VolumeId])[0] as VolumeRecord
  const { attachment } = volume
  if (attachment) {
    throw new AwsError('VolumeInUse', `Volume ${volume.id} is currently attached to ${attachment.instanceId}`)
  }
  if (volume.state === 'creating') {
    throw new AwsError('IncorrectState', `The volume '${volume.id}' is in the 'creating' state.`)
  }
  endDryRun(input)
  volume.state = 'deleting'
  volumeWorkOf(cloud).due(volume.id)
}
