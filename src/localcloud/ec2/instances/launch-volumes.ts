import type { BlockDeviceMapping, EbsBlockDevice, RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { invalidCombination, missingParameter } from '../../protocol/aws-error.js'
import { badMapping } from '../images/bad-mapping.js'
import { ROOT_DEVICE, ROOT_VOLUME_GIB } from '../images/images.js'
import { newId } from '../resource-ids.js'
import { snapshotContent, usableSnapshot } from '../snapshots/find.js'
import type { SnapshotRecord } from '../snapshots/records.js'
import type { Ec2State, ImageRecord, InstanceRecord } from '../state.js'
import { unsupported } from '../unsupported.js'
import { checkRoomFor, link } from '../volumes/attachments.js'
import { attachmentPoint, checkDeviceName } from '../volumes/device-names.js'
import { kmsKeyOf } from '../volumes/find.js'
import type { VolumeRecord, VolumeSettings } from '../volumes/records.js'
import { checkSettings } from '../volumes/volume-types.js'

/** A volume that each instance of a launch gets. */
export interface LaunchVolume {
  readonly device: string
  readonly settings: VolumeSettings
  readonly snapshot?: SnapshotRecord | undefined
  readonly encrypted: boolean
  readonly kmsKeyId?: string
  readonly deleteOnTermination: boolean
}

/**
 * The volumes of a launch, the root volume first: those of the image, as the request changes them, and those it adds.
 * Instance store volumes (`ephemeral0`) are passed over, as EC2 does for types that have none.
 *
 * @throws AwsError InvalidBlockDeviceMapping and what a volume's settings are refused for
 */
export function parseVolumes(input: RunInstancesRequest, image: ImageRecord, cloud: Cloud): LaunchVolume[] {
  const asked = input.BlockDeviceMappings ?? []
  for (const mapping of asked) checkMapping(mapping)
  const root = asked.find(({ DeviceName }) => attachmentPoint(DeviceName ?? '') === attachmentPoint(ROOT_DEVICE))
  const volumes = [rootVolume(root, image, cloud)]
  const add = (device: string, ebs: EbsBlockDevice) => {
    const taken = volumes.map((volume) => volume.device)
    checkRoomFor(device, taken, () => badMapping(`${device} is mapped twice`))
    volumes.push(checkDataVolume(device, ebs, cloud))
  }
  const others = asked.filter((mapping) => mapping !== root)
  for (const { device, ebs } of image.volumes ?? []) {
    const change = others.find(({ DeviceName }) => attachmentPoint(DeviceName ?? '') === attachmentPoint(device))
    if (change?.NoDevice !== undefined) continue
    add(device, { ...ebs, ...withoutUndefined(change?.Ebs ?? {}) })
  }
  const ofImage = new Set((image.volumes ?? []).map(({ device }) => attachmentPoint(device)))
  for (const { DeviceName: device = '', Ebs: ebs, NoDevice: none } of others) {
    if (ebs && none === undefined && !ofImage.has(attachmentPoint(device))) add(device, ebs)
  }
  return volumes
}

/** @throws AwsError for a mapping that says nothing, or two things */
export function checkMapping({
  DeviceName: device,
  Ebs: ebs,
  NoDevice: none,
  VirtualName: virtual,
}: BlockDeviceMapping): void {
  if (!device) throw missingParameter('deviceName')
  if (none !== undefined) return
  if (virtual !== undefined) {
    if (ebs) throw badMapping(`${device} cannot be both an EBS volume and ${virtual}`)
    if (!/^ephemeral(?:[0-9]|1[0-9]|2[0-3])$/.test(virtual)) throw badMapping(`Invalid virtual device name ${virtual}`)
    return
  }
  if (!ebs) throw badMapping(`the mapping of ${device} says neither Ebs, VirtualName nor NoDevice`)
  if (ebs.OutpostArn) throw unsupported('Outposts')
  if (ebs.VolumeInitializationRate !== undefined) throw unsupported('rates of volume initialization')
  if (ebs.KmsKeyId && !ebs.Encrypted)
    throw invalidCombination('The parameter KmsKeyId requires the parameter Encrypted to be set.')
}

/** It stands on the image, so it is neither smaller nor of another snapshot. */
function rootVolume(mapping: BlockDeviceMapping | undefined, image: ImageRecord, cloud: Cloud): LaunchVolume {
  const smallest = image.rootVolumeSize ?? ROOT_VOLUME_GIB
  const { NoDevice: none, Ebs: ebs = {} } = mapping ?? {}
  if (none !== undefined) throw badMapping(`The root device ${ROOT_DEVICE} cannot be left out`)
  if (ebs.SnapshotId !== undefined && ebs.SnapshotId !== image.rootSnapshotId) {
    throw badMapping('snapshotId cannot be modified on root device')
  }
  const size = ebs.VolumeSize ?? smallest
  if (size < smallest)
    throw badMapping(`Volume of size ${size}GB is smaller than the image, expect size >= ${smallest}GB`)
  const type = ebs.VolumeType ?? 'gp3'
  if (type === 'st1' || type === 'sc1') throw badMapping(`${type} volumes cannot be used as boot volumes`)
  const encrypted = ebs.Encrypted ?? false
  return {
    device: ROOT_DEVICE,
    settings: checkSettings({ size, type, iops: ebs.Iops, throughput: ebs.Throughput }),
    encrypted,
    ...kmsKeyOf(cloud, encrypted, ebs.KmsKeyId),
    deleteOnTermination: ebs.DeleteOnTermination ?? true,
  }
}

/** A volume beside the root volume. @throws AwsError */
export function checkDataVolume(device: string, ebs: EbsBlockDevice, cloud: Cloud): LaunchVolume {
  checkDeviceName(device)
  const snapshot = ebs.SnapshotId === undefined ? undefined : usableSnapshot(cloud.state.ec2, ebs.SnapshotId)
  const size = ebs.VolumeSize ?? snapshot?.size
  if (size === undefined) throw missingParameter('size or snapshotId')
  if (snapshot && size < snapshot.size) {
    throw badMapping(
      `Volume of size ${size}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.size}GB`,
    )
  }
  const encrypted = (ebs.Encrypted ?? false) || snapshot?.encrypted === true
  return {
    device,
    settings: checkSettings({ size, type: ebs.VolumeType ?? 'gp2', iops: ebs.Iops, throughput: ebs.Throughput }),
    snapshot,
    encrypted,
    ...kmsKeyOf(cloud, encrypted, ebs.KmsKeyId),
    deleteOnTermination: ebs.DeleteOnTermination ?? true,
  }
}

/** Records an instance's volumes as on their way to it; its boot makes them. -> their ids */
export function addVolumes(cloud: Cloud, instance: InstanceRecord, volumes: readonly LaunchVolume[]): string[] {
  return volumes.map(({ device, settings, snapshot, encrypted, kmsKeyId, deleteOnTermination }, index) => {
    const root = index === 0
    const volume: VolumeRecord = {
      id: root ? instance.rootVolumeId : newId('vol'),
      zone: instance.zone,
      ...settings,
      encrypted,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      ...snapshotContent(snapshot),
      createdAt: cloud.now().toISOString(),
      state: root ? 'in-use' : 'creating',
      ...(root ? { rootOf: instance.id } : {}),
    }
    cloud.state.ec2.volumes[volume.id] = volume
    link(cloud, volume, instance, { device, state: 'attaching', deleteOnTermination })
    return volume.id
  })
}

/** The root volume of an instance of an older state, which had no record of it. */
export function addMissingRoot(state: Ec2State, instance: InstanceRecord): void {
  const size = instance.rootVolumeSize ?? ROOT_VOLUME_GIB
  state.volumes[instance.rootVolumeId] = {
    id: instance.rootVolumeId,
    zone: instance.zone,
    ...checkSettings({ size, type: 'gp3' }),
    encrypted: false,
    createdAt: instance.launchedAt,
    state: 'in-use',
    rootOf: instance.id,
    attachment: {
      instanceId: instance.id,
      device: ROOT_DEVICE,
      at: instance.launchedAt,
      state: 'attached',
      deleteOnTermination: true,
    },
  }
}

const withoutUndefined = (ebs: EbsBlockDevice): EbsBlockDevice =>
  Object.fromEntries(Object.entries(ebs).filter(([, value]) => value !== undefined))
