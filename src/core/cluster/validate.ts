import type { EC2 } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { findImage, type LaunchImage } from '../aws/images.js'
import { describeInstanceTypes, type InstanceTypeFacts, unknownInstanceType } from '../aws/instance-types.js'
import type { NetworkPlace } from '../aws/network.js'
import { nearest } from '../nearest.js'
import { askWhetherLaunchable } from './ask-launchable.js'
import { checkNetwork, checkSubnetZone } from './check-network.js'
import type { ClusterDeps } from './deps.js'
import { ClusterValidationError, InvalidZone } from './errors.js'
import { type KeyPairWork, keyPairWork, nothingToDo } from './key-pair-work.js'
import type { LaunchGroup } from './launch-plan.js'
import { everything } from './problems.js'
import type { RootVolume } from './record.js'
import type { StartPlan } from './start-plan.js'
import { renderUserData } from './user-data.js'
import { checkVolumes } from './volumes.js'

/** A plan that AWS would carry out: images found, types known, the key at hand. */
export interface CheckedPlan extends StartPlan {
  readonly groups: readonly (LaunchGroup & { readonly image: LaunchImage; readonly clusterPlacement: boolean })[]
  readonly network: NetworkPlace
  readonly userData: Buffer
  /** What is still to be done for the key pair. */
  readonly keyPair: KeyPairWork
}

interface ValidateOptions {
  /** The key pair is not looked at. */
  readonly keyIsThere?: boolean
  /** Nodes for a cluster that has its master, and with it its volumes. */
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
  const [groups, network, userData, keyPair, volumeZone] = await everything([
    checkGroups(ec2, plan, signal),
    checkNetwork(ec2, plan, signal),
    renderUserData(plan.userdataScripts),
    keyIsThere || plan.key.location === '' ? nothingToDo : keyPairWork(deps, plan.key, signal),
    checkVolumes(ec2, volumes, plan.record.zone, signal),
    checkZone(ec2, plan.record.zone, signal),
    ...known.map((problem) => Promise.reject(problem)),
  ])
  const zone = plan.record.zone ?? volumeZone
  const record = { ...plan.record, ...(zone === undefined ? {} : { zone }) }
  checkSubnetZone({ record }, network)
  const checked = { ...plan, record, groups, network, userData, keyPair }
  await askWhetherLaunchable(ec2, checked, signal)
  return checked
}

async function checkGroups(ec2: EC2, { groups, record }: StartPlan, signal?: AbortSignal) {
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
