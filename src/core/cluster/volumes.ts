import type { EC2, Volume as Ec2Volume } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { attachedTo, describeVolumes } from '../aws/volumes.js'
import type { VolumeSettings } from '../config/types.js'
import type { Node } from '../node/node.js'
import type { Volume, Volumes } from '../setup/cluster-setup.js'
import type { ClusterDeps } from './deps.js'
import { ClusterValidationError, VolumesZoneError } from './errors.js'
import { poll } from './poll.js'

/** A volume of a cluster: from its `[volume]` section at the start, kept in the cluster's record. */
export interface ClusterVolume extends Volume {
  readonly name: string
  /** It must be. */
  readonly encrypted?: boolean
}

/** Devices are given from the last letter down, as the original did: the first ones may be the image's own. */
const letters = 'zyxwvutsrqponmlkjihgfedcb'

/** The volumes of a template, each with a device of its own. @throws ClusterValidationError when two are in each other's way */
export function planVolumes(sections: readonly VolumeSettings[]): ClusterVolume[] {
  const taken = new Map<string, string>()
  for (const { volumeId, device } of sections) if (device !== undefined) taken.set(volumeId, device)
  const used = new Set(taken.values())
  const next = () => [...letters].map((letter) => `/dev/sd${letter}`).find((device) => !used.has(device)) ?? '/dev/sdz'
  return sections.map(({ name, volumeId, mountPath, device, partition, encrypted }) => {
    const chosen = device ?? taken.get(volumeId) ?? next()
    taken.set(volumeId, chosen)
    used.add(chosen)
    return {
      name,
      volumeId,
      device: chosen,
      mountPath,
      ...(partition === undefined ? {} : { partition }),
      ...(encrypted ? { encrypted } : {}),
    }
  })
}

/** As hooks get them. */
export function volumesByName(volumes: readonly ClusterVolume[]): Volumes {
  return Object.fromEntries(volumes.map(({ name, ...volume }) => [name, volume]))
}

const idsOf = (volumes: readonly ClusterVolume[]) => [...new Set(volumes.map(({ volumeId }) => volumeId))]

/**
 * Looks whether the volumes can be attached to a new master in `zone`.
 * @returns their zone, undefined without volumes
 * @throws VolumeDoesNotExist, VolumesZoneError, ClusterValidationError naming who has the volume
 */
export async function checkVolumes(
  ec2: Pick<EC2, 'describeVolumes'>,
  volumes: readonly ClusterVolume[],
  zone: string | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const found = await describeVolumes(ec2, idsOf(volumes), signal)
  const zones = new Map(volumes.map(({ name, volumeId }) => [name, found.get(volumeId)?.AvailabilityZone ?? '']))
  const [first] = zones.values()
  const where = [...zones].map(([name, at]) => `${name} in ${at}`).join(', ')
  if (new Set(zones.values()).size > 1) {
    throw new VolumesZoneError(`the volumes are in different zones: ${where}`, {
      hint: 'a master reaches volumes of its own zone only: copy one by way of a snapshot',
    })
  }
  if (zone !== undefined && first !== undefined && zone !== first) {
    throw new VolumesZoneError(`the volumes are not in zone ${zone}: ${where}`, {
      hint: `leave availability_zone out, or say ${first}`,
    })
  }
  for (const { name, volumeId, encrypted } of volumes) {
    const { State, ...volume } = found.get(volumeId) ?? {}
    if (encrypted && !volume.Encrypted) {
      throw new ClusterValidationError(
        `volume ${name} (${volumeId}) is not encrypted, as its section says it must be`,
        {
          hint: 'copy it by way of an encrypted snapshot, or take `encrypted = true` out of its [volume] section',
        },
      )
    }
    if (State === 'available') continue
    const owner = attachedTo(volume)
    throw new ClusterValidationError(
      `volume ${name} (${volumeId}) is ${owner ? `attached to ${owner}` : State}, so it cannot be attached to a new master`,
      {
        hint: 'stop or terminate the cluster that has it, or detach it; a copy by way of a snapshot can be used beside it',
      },
    )
  }
  return first
}

/**
 * Looks whether the master can have its volumes again.
 * @throws ClusterValidationError when somebody else has one, VolumeDoesNotExist
 */
export async function checkOwners(
  deps: Pick<ClusterDeps, 'aws'>,
  volumes: readonly ClusterVolume[],
  master: Node,
  signal?: AbortSignal,
): Promise<void> {
  if (volumes.length === 0) return
  const found = await describeVolumes(deps.aws.ec2, idsOf(volumes), signal)
  for (const volume of volumes) {
    const now = found.get(volume.volumeId) ?? {}
    if (!isLeaving(now, master)) checkOwner(volume, now, master)
  }
}

/** It is being detached from somebody else. */
function isLeaving(volume: Ec2Volume, master: Node): boolean {
  const { Attachments = [] } = volume
  return (
    attachedTo(volume) !== master.id &&
    Attachments.length > 0 &&
    Attachments.every(({ State }) => State === 'detaching')
  )
}

function checkOwner(
  { name, volumeId }: Pick<ClusterVolume, 'name' | 'volumeId'>,
  volume: Ec2Volume,
  master: Node,
): void {
  const owner = attachedTo(volume)
  if (owner === undefined || owner === master.id) return
  throw new ClusterValidationError(`volume ${name} (${volumeId}) is attached to ${owner}, not to ${master.alias}`, {
    hint: 'stop the cluster that has it, or detach it there, then go on with "starcluster start -x"',
  })
}

/**
 * Attaches the cluster's volumes to its master, those that are not yet.
 * @throws ClusterValidationError when somebody else has one
 */
export async function attachVolumes(
  deps: Pick<ClusterDeps, 'aws' | 'log'>,
  volumes: readonly ClusterVolume[],
  master: Node,
  signal?: AbortSignal,
): Promise<void> {
  const { ec2 } = deps.aws
  const ids = idsOf(volumes)
  if (ids.length === 0) return
  const begun = new Set<string>()
  const look = async (s: AbortSignal) => {
    const found = await describeVolumes(ec2, ids, s)
    for (const { name, volumeId, device } of volumes) {
      const volume = found.get(volumeId) ?? {}
      if (isLeaving(volume, master)) continue
      checkOwner({ name, volumeId }, volume, master)
      if (volume.State !== 'available' || begun.has(volumeId)) continue
      deps.log.info(`Attaching volume ${name} (${volumeId}) to ${master.alias} as ${device}...`)
      await attach(ec2, volumeId, master.id, device, s)
      begun.add(volumeId)
    }
    const states = ids.map(
      (id) => found.get(id)?.Attachments?.find(({ InstanceId }) => InstanceId === master.id)?.State,
    )
    return states.every((state) => state === 'attached') || undefined
  }
  await poll(`the volumes to be attached to ${master.alias}`, look, {
    timeoutMs: 5 * 60_000,
    slowestMs: 5000,
    signal,
    hint: `look at them with the EC2 console: ${ids.join(', ')}`,
  })
}

async function attach(ec2: EC2, volumeId: string, instanceId: string, device: string, signal: AbortSignal) {
  try {
    await ec2.attachVolume({ VolumeId: volumeId, InstanceId: instanceId, Device: device }, abortable(signal))
  } catch (error) {
    // Attached by the request whose answer we did not get; the next look tells to whom.
    if (!isAwsError(error, 'VolumeInUse')) throw error
  }
}

/** Takes the cluster's volumes off its stopped master, so that others can use them; never any other volume. */
export async function detachVolumes(
  deps: Pick<ClusterDeps, 'aws' | 'log'>,
  volumes: readonly ClusterVolume[],
  master: Node,
  signal?: AbortSignal,
): Promise<void> {
  const { ec2 } = deps.aws
  const attached = new Set(master.attachedVols.values())
  const ids = idsOf(volumes).filter((id) => attached.has(id))
  if (ids.length === 0) return
  deps.log.info(`Detaching ${ids.length === 1 ? `volume ${ids[0]}` : `${ids.length} volumes`}; they keep their data`)
  await Promise.all(ids.map((id) => detach(ec2, id, master.id, signal)))
  const free = async (s: AbortSignal) =>
    [...(await describeVolumes(ec2, ids, s)).values()].every((volume) => attachedTo(volume) !== master.id) || undefined
  await poll('the volumes to be detached', free, { timeoutMs: 5 * 60_000, slowestMs: 5000, signal })
}

async function detach(ec2: EC2, volumeId: string, instanceId: string, signal: AbortSignal | undefined) {
  try {
    await ec2.detachVolume({ VolumeId: volumeId, InstanceId: instanceId }, abortable(signal))
  } catch (error) {
    if (!isAwsError(error, 'IncorrectState', 'InvalidAttachment.NotFound', 'InvalidVolume.NotFound')) throw error
  }
}
