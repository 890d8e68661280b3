import type { EC2 } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { findImage, type LaunchImage } from '../aws/images.js'
import { describeInstanceTypes, type InstanceTypeFacts } from '../aws/instance-types.js'
import { findNetwork, type NetworkPlace } from '../aws/network.js'
import { nearest } from '../nearest.js'
import type { ClusterDeps } from './deps.js'
import { ensureKeyPair } from './ensure-key-pair.js'
import { ClusterValidationError, InvalidZone } from './errors.js'
import type { LaunchGroup } from './launch-plan.js'
import type { RootVolume } from './record.js'
import type { StartPlan } from './start-plan.js'
import { renderUserData } from './user-data.js'
import { checkVolumes } from './volumes.js'

/** A plan that AWS would carry out: images found, types known, the key at hand. */
export interface CheckedPlan extends StartPlan {
  readonly groups: readonly (LaunchGroup & { readonly image: LaunchImage })[]
  readonly network: NetworkPlace
  readonly userData: Buffer
}

export interface ValidateOptions {
  /** Do not make or import a key pair that is missing. */
  readonly changeNothing: boolean
  /** Nodes for a cluster that has its master, and with it its volumes. */
  readonly joins?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Checks a plan against AWS before anything costs money, all questions at once.
 *
 * @throws ClusterValidationError and its kind, naming setting and remedy
 */
export async function validatePlan(
  deps: Pick<ClusterDeps, 'aws' | 'log'>,
  plan: StartPlan,
  { changeNothing, joins = false, signal }: ValidateOptions,
): Promise<CheckedPlan> {
  const { ec2 } = deps.aws
  const volumes = joins ? [] : (plan.record.launch?.volumes ?? [])
  const [groups, network, userData, volumeZone] = await settleAll([
    checkImages(ec2, plan, signal),
    findNetwork(ec2, plan.record.subnetId, signal),
    renderUserData(plan.userdataScripts),
    checkVolumes(ec2, volumes, plan.record.zone, signal),
    checkZone(ec2, plan.record.zone, signal),
    changeNothing ? undefined : ensureKeyPair(deps, plan.key, signal),
  ])
  const zone = plan.record.zone ?? volumeZone
  const checked = { ...plan, record: { ...plan.record, ...(zone === undefined ? {} : { zone }) } }
  checkSubnet(checked, network)
  return { ...checked, groups, network, userData }
}

/** All results, or the first failure, but only when every question has been answered: nothing goes on behind an error. */
async function settleAll<const T extends readonly unknown[]>(
  tasks: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(tasks)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as {
    -readonly [K in keyof T]: Awaited<T[K]>
  }
}

async function checkImages(ec2: EC2, { groups, record }: StartPlan, signal?: AbortSignal) {
  const rootVolume = record.launch?.rootVolume
  const types = await describeInstanceTypes(
    ec2,
    groups.map(({ instanceType }) => instanceType),
    signal,
  )
  const images = new Map<string, ReturnType<typeof findImage>>()
  return settleAll(
    groups.map(async (group) => {
      const type = types.get(group.instanceType)!
      const architecture = type.architectures[0] ?? 'x86_64'
      const key = `${group.imageId} ${architecture}`
      const found = images.get(key) ?? findImage(ec2, group.imageId, architecture, signal)
      images.set(key, found)
      const image = await found
      checkArchitecture(group, type, image.architecture)
      checkRootVolume(group, image, rootVolume)
      return { ...group, image }
    }),
  )
}

function checkArchitecture(
  { imageId, instanceType }: LaunchGroup,
  type: InstanceTypeFacts,
  architecture: string | undefined,
): void {
  if (architecture === undefined || type.architectures.length === 0 || type.architectures.includes(architecture)) return
  throw new ClusterValidationError(
    `image ${imageId} is for ${architecture}, but instance type ${instanceType} is ${type.architectures.join(' or ')}`,
    { hint: 'choose another image (-n, -m) or another instance type (-i, -I)' },
  )
}

function checkRootVolume({ imageId }: LaunchGroup, image: LaunchImage, wanted: RootVolume | undefined): void {
  const size = wanted?.size
  if (size === undefined) return
  if (image.rootDevice === undefined) {
    throw new ClusterValidationError(
      `root_volume_size cannot be followed with image ${imageId}: its root device is not known`,
      {
        hint: 'give the id of the image (ami-...) or its name instead, or leave root_volume_size out',
      },
    )
  }
  if (image.rootSize === undefined || size >= image.rootSize) return
  throw new ClusterValidationError(
    `root_volume_size = ${size}: image ${imageId} needs at least ${image.rootSize} GiB`,
    {
      hint: 'raise root_volume_size, or leave it out',
    },
  )
}

async function checkZone(ec2: EC2, zone: string | undefined, signal?: AbortSignal): Promise<void> {
  if (zone === undefined) return
  let zones: { ZoneName?: string | undefined; State?: string | undefined }[] = []
  try {
    zones = (await ec2.describeAvailabilityZones({}, abortable(signal))).AvailabilityZones ?? []
  } catch (error) {
    if (!isAwsError(error, 'UnauthorizedOperation')) throw error
    return // not allowed to look: RunInstances will tell
  }
  const found = zones.find(({ ZoneName }) => ZoneName === zone)
  const names = zones.flatMap(({ ZoneName, State }) => (ZoneName && State === 'available' ? [ZoneName] : []))
  if (found?.State === 'available') return
  const close = nearest(zone, names)
  throw new InvalidZone(`availability zone ${zone} ${found ? `is ${found.State}` : 'does not exist in this region'}`, {
    hint: `${close ? `did you mean ${close}? ` : ''}zones: ${names.join(', ')}`,
  })
}

function checkSubnet({ record }: StartPlan, network: NetworkPlace): void {
  if (record.zone === undefined || network.zone === undefined || record.zone === network.zone) return
  throw new InvalidZone(
    `subnet ${network.subnetId} is in zone ${network.zone}, but availability_zone is ${record.zone}`,
    {
      hint: 'correct subnet_id (-N) or availability_zone (-a)',
    },
  )
}
