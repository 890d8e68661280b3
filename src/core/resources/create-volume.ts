import type { VolumeType } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { ZoneDoesNotExist } from '../aws/errors.js'
import { InvalidOperation } from '../node/errors.js'
import type { Asking, ResourceDeps } from './deps.js'
import { others } from './errors.js'
import { listZones } from './regions.js'
import { findVolume, type VolumeListing } from './volumes.js'
import { type Waiting, waitForAws } from './waiting.js'

export interface CreateVolumeOptions extends Waiting {
  /** GiB. */
  readonly size: number
  /** Availability zone: only instances there can have it. */
  readonly zone: string
  /** Its tag Name. */
  readonly name?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** `gp3` when left out. */
  readonly type?: string | undefined
  readonly iops?: number | undefined
  /** MiB a second. */
  readonly throughput?: number | undefined
  readonly encrypted?: boolean | undefined
  /** Begins as a copy of this snapshot. */
  readonly snapshotId?: string | undefined
}

/** A new volume, blank unless made from a snapshot, once it can be attached. @throws ZoneDoesNotExist, InvalidOperation */
export async function createVolume(
  deps: ResourceDeps,
  {
    size,
    zone,
    name,
    tags,
    type = 'gp3',
    iops,
    throughput,
    encrypted,
    snapshotId,
    signal,
    onProgress,
  }: CreateVolumeOptions,
): Promise<VolumeListing> {
  await requireZone(deps, zone, { signal })
  const all = Object.entries({ ...tags, ...(name === undefined ? {} : { Name: name }) })
  const { VolumeId = '' } = await deps.aws.ec2.createVolume(
    {
      Size: size,
      AvailabilityZone: zone,
      VolumeType: type as VolumeType,
      ...(iops === undefined ? {} : { Iops: iops }),
      ...(throughput === undefined ? {} : { Throughput: throughput }),
      ...(encrypted ? { Encrypted: true } : {}),
      ...(snapshotId === undefined ? {} : { SnapshotId: snapshotId }),
      ...(all.length === 0
        ? {}
        : { TagSpecifications: [{ ResourceType: 'volume', Tags: all.map(([Key, Value]) => ({ Key, Value })) }] }),
    },
    abortable(signal),
  )
  deps.log.info(`Creating volume ${VolumeId} (${size} GiB, ${type}, ${zone})...`)
  return waitUntilAvailable(deps, VolumeId, { signal, onProgress })
}

async function requireZone(deps: ResourceDeps, zone: string, asking: Asking): Promise<void> {
  const zones = (await listZones(deps, asking)).map(({ name }) => name)
  if (zones.includes(zone)) return
  const { near, list } = others(zone, zones)
  throw new ZoneDoesNotExist(`zone ${zone} does not exist in region ${deps.aws.region.name}${near}`, {
    hint: `there are: ${list}`,
  })
}

async function waitUntilAvailable(
  deps: ResourceDeps,
  id: string,
  { signal, onProgress }: Waiting,
): Promise<VolumeListing> {
  onProgress?.(`volume ${id} to be available`)
  const look = async (until: AbortSignal) => {
    const volume = await findVolume(deps, id, { signal: until })
    if (volume.status === 'creating') return undefined
    if (volume.status !== 'error') return volume
    throw new InvalidOperation(`EC2 could not make volume ${id}`, {
      hint: 'see why in the EC2 console (an encryption key, for instance), then remove it: starcluster removevolume',
    })
  }
  return waitForAws(`volume ${id} to be available`, look, {
    timeoutMs: 5 * 60_000,
    slowestMs: 3000,
    signal,
    hint: `see how it is with: starcluster listvolumes -v ${id}`,
  })
}
