import type { EC2 } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { findImage, type LaunchImage } from '../aws/images.js'
import { describeInstanceTypes, type InstanceTypeFacts, unknownInstanceType } from '../aws/instance-types.js'
import type { NetworkPlace } from '../aws/network.js'
import { nearest } from '../nearest.js'
import { isMasterAlias } from '../node/aliases.js'
import { askWhetherLaunchable } from './ask-launchable.js'
import { checkNetwork, checkSubnetZone } from './check-network.js'
import type { ClusterDeps } from './deps.js'
import { ClusterValidationError, InvalidZone } from './errors.js'
import { type KeyPairWork, keyPairWork, nothingToDo } from './key-pair-work.js'
import type { LaunchGroup } from './launch-plan.js'
import { everything } from './problems.js'
import type { ClusterRecord, RootVolume } from './record.js'
import type { StartPlan } from './start-plan.js'
import { renderUserData } from './user-data.js'
import { checkVolumes } from './volumes.js'

/** A group with its image. */
export interface LaunchableGroup extends LaunchGroup {
  readonly image: LaunchImage
  /** The type can be in a placement group. */
  readonly clusterPlacement: boolean
}

export interface CheckedGroup extends LaunchableGroup {
  /** The same nodes of other types, to be tried where this one lacks. */
  readonly alternatives: readonly LaunchableGroup[]
}

/** A plan that AWS would carry out: images found, types known, the key at hand. */
export interface CheckedPlan extends StartPlan {
  readonly groups: readonly CheckedGroup[]
  /** Zones to try where that of the record lacks capacity. */
  readonly fallbackZones: readonly string[]
  readonly network: NetworkPlace
  readonly userData: Buffer
  /** What is still to be done for the key pair. */
  readonly keyPair: KeyPairWork
}

interface ValidateOptions {
  /** The key pair is not looked at. */
  readonly keyIsThere?: boolean
  /** Nodes for a cluster that has some, and with them its zone and its volumes. */
  readonly joins?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Checks a plan against AWS before anything is made, all questions at once, and then asks EC2 whether it would launch.
 *
 * @throws every problem there is: one error, or SeveralProblems, naming setting and remedy
 */
export async function validatePlan(
  deps: Pick<ClusterDeps, 'aws' | 'log'>,
  plan: StartPlan,
  { keyIsThere = false, joins = false, signal }: ValidateOptions,
): Promise<CheckedPlan> {
  const { ec2 } = deps.aws
  const known = plan.problems ?? []
  const volumes = joins ? [] : (plan.record.launch?.volumes ?? [])
  const fallbackZones = joins ? [] : zonesToTry(deps, plan)
  const [groups, network, userData, keyPair, volumeZone] = await everything([
    checkGroups(ec2, plan, signal),
    checkNetwork(ec2, plan, signal),
    renderUserData(plan.userdataScripts),
    keyIsThere || plan.key.location === '' ? nothingToDo : keyPairWork(deps, plan.key, signal),
    checkVolumes(ec2, volumes, plan.record.zone, signal),
    checkZones(ec2, [plan.record.zone ?? [], fallbackZones].flat(), signal),
    ...known.map((problem) => Promise.reject(problem)),
  ])
  const zone = plan.record.zone ?? volumeZone
  const record = { ...plan.record, ...(zone === undefined ? {} : { zone }) }
  checkSubnetZone({ record }, network)
  const checked = { ...plan, record, groups, network, userData, keyPair, fallbackZones }
  await askWhetherLaunchable(ec2, checked, signal)
  return checked
}

/** A cluster whose subnet or volumes are in one zone can be in no other. */
function zonesToTry({ log }: Pick<ClusterDeps, 'log'>, { record }: StartPlan): readonly string[] {
  const { fallbackZones = [], volumes = [] } = record.launch ?? {}
  const zones = fallbackZones.filter((zone) => zone !== record.zone)
  const bound = record.subnetId !== undefined ? 'subnet is' : volumes.length > 0 ? 'volumes are' : undefined
  if (zones.length === 0 || bound === undefined) return zones
  log.warn(`fallback_zones are not tried: the ${bound} in one zone`)
  return []
}

/** All groups, with the types that may take the place of theirs. */
async function checkGroups(ec2: EC2, plan: StartPlan, signal?: AbortSignal): Promise<CheckedGroup[]> {
  const variants = plan.groups.map((group) => [group, ...otherTypes(plan.record, group)])
  const checked = await checkLaunchable(ec2, { ...plan, groups: variants.flat() }, signal)
  return variants.map(({ length }, at) => {
    const from = variants.slice(0, at).flat().length
    return { ...checked[from]!, alternatives: checked.slice(from + 1, from + length) }
  })
}

/** None for a master that has a type of its own. */
function otherTypes({ launch: { fallbackTypes = [], masterType } = {} }: ClusterRecord, group: LaunchGroup) {
  if (masterType !== undefined && group.aliases.some(isMasterAlias)) return []
  return fallbackTypes
    .filter((type) => type !== group.instanceType)
    .map((instanceType): LaunchGroup => ({ ...group, instanceType }))
}

async function checkLaunchable(
  ec2: EC2,
  { groups, record }: StartPlan,
  signal?: AbortSignal,
): Promise<LaunchableGroup[]> {
  if (groups.length === 0) return []
  const wanted = groups.map(({ instanceType }) => instanceType)
  const types = await describeInstanceTypes(ec2, wanted, signal)
  const images = new Map<string, ReturnType<typeof findImage>>()
  const imageFor = (id: string, architecture: string) => {
    const key = `${id} ${architecture}`
    const found = images.get(key) ?? findImage(ec2, id, architecture, signal)
    images.set(key, found)
    return found
  }
  return everything(
    groups.map(async (group) => {
      const type = types.get(group.instanceType)
      const [image] = await everything([
        imageFor(group.imageId, type?.architectures[0] ?? 'x86_64'),
        type ?? unknownInstanceType(ec2, group.instanceType, signal).then((error) => Promise.reject(error)),
      ])
      if (type) checkArchitecture(group, type, image.architecture)
      checkRootVolume(group, image, record.launch?.rootVolume)
      return { ...group, image, clusterPlacement: type?.clusterPlacement === true }
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

async function checkZones(ec2: EC2, wanted: readonly string[], signal?: AbortSignal): Promise<void> {
  if (wanted.length === 0) return
  let zones: { ZoneName?: string | undefined; State?: string | undefined }[] = []
  try {
    zones = (await ec2.describeAvailabilityZones({}, abortable(signal))).AvailabilityZones ?? []
  } catch (error) {
    if (!isAwsError(error, 'UnauthorizedOperation')) throw error
    return // not allowed to look: RunInstances will tell
  }
  const names = zones.flatMap(({ ZoneName, State }) => (ZoneName && State === 'available' ? [ZoneName] : []))
  const zone = wanted.find((one) => !names.includes(one))
  if (zone === undefined) return
  const found = zones.find(({ ZoneName }) => ZoneName === zone)
  const close = nearest(zone, names)
  throw new InvalidZone(`availability zone ${zone} ${found ? `is ${found.State}` : 'does not exist in this region'}`, {
    hint: `${close ? `did you mean ${close}? ` : ''}zones: ${names.join(', ')}`,
  })
}
