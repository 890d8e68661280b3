import type { ResourceType, RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { requireAvailable } from '../images/images.js'
import { requireLaunchImage } from '../images/launch-image.js'
import { DEFAULT_INSTANCE_TYPE, INSTANCE_TYPES } from '../instance-types/types.js'
import { findKeyPair, keyPairNotFound } from '../key-pairs/actions.js'
import { type LaunchPlacement, parsePlacement } from '../placement-groups/records.js'
import { requireProfile } from '../profiles/profiles.js'
import type { SpotTerms } from '../spot/records.js'
import { marketTerms } from '../spot/terms.js'
import type { ImageRecord, InstanceMetadataSettings, KeyPairRecord } from '../state.js'
import { parseTagSpecifications } from '../tags/tags.js'
import { type LaunchNetwork, parseNetwork } from './launch-network.js'
import { refuseUnsupported } from './launch-unsupported.js'
import { type LaunchVolume, parseVolumes } from './launch-volumes.js'
import { DEFAULT_METADATA, mergeMetadata } from './metadata-options.js'

/** A RunInstances request, understood and found possible. */
export interface LaunchPlan extends LaunchNetwork {
  readonly minCount: number
  readonly maxCount: number
  readonly image: ImageRecord
  readonly instanceType: string
  readonly keyPair: KeyPairRecord | undefined
  readonly placement: LaunchPlacement
  readonly userData: string | undefined
  readonly metadata: InstanceMetadataSettings
  readonly shutdownBehavior: 'stop' | 'terminate'
  /** The root volume first. */
  readonly volumes: readonly LaunchVolume[]
  readonly spot: SpotTerms | undefined
  /** Name of the instance profile. */
  readonly profile: string | undefined
  readonly tags: ReadonlyMap<ResourceType, ReadonlyMap<string, string>>
}

/** Source: EC2 User Guide, "Run commands when you launch an EC2 instance with user data input": 16 KB before base64. */
const MAX_USER_DATA_BYTES = 16_384

/** What a launch makes, besides spot requests. */
const TAGGED: readonly ResourceType[] = ['instance', 'volume', 'network-interface']

/** Looks at everything, changes nothing. @throws AwsError */
export function planLaunch(input: RunInstancesRequest, cloud: Cloud): LaunchPlan {
  const { ec2 } = cloud.state
  const { minCount, maxCount } = parseCounts(input)
  refuseUnsupported(input)
  const spot = marketTerms(input.InstanceMarketOptions, cloud.now())
  if (spot && input.DisableApiTermination) throw spotProtected()
  if (!input.ImageId) throw missingParameter('ImageId')
  const image = requireAvailable(requireLaunchImage(ec2, input.ImageId))
  const instanceType = input.InstanceType ?? DEFAULT_INSTANCE_TYPE
  if (!INSTANCE_TYPES.has(instanceType)) {
    throw new AwsError('InvalidParameterValue', `Invalid value '${instanceType}' for InstanceType.`)
  }
  const keyPair = input.KeyName === undefined ? undefined : findKeyPair(ec2, input.KeyName)
  if (input.KeyName !== undefined && !keyPair) throw keyPairNotFound(input.KeyName)
  const network = parseNetwork(input, cloud, maxCount)
  const zone = network.subnet.zone
  return {
    minCount,
    maxCount,
    image,
    instanceType,
    keyPair,
    ...network,
    placement: parsePlacement(input, ec2, { instanceType, zone, minCount }),
    userData: parseUserData(input.UserData),
    metadata: mergeMetadata(DEFAULT_METADATA, input.MetadataOptions ?? {}),
    shutdownBehavior: parseShutdownBehavior(input.InstanceInitiatedShutdownBehavior),
    volumes: parseVolumes(input, image, cloud),
    spot,
    profile: input.IamInstanceProfile && requireProfile(input.IamInstanceProfile, cloud),
    tags: parseTagSpecifications(input.TagSpecifications, spot ? [...TAGGED, 'spot-instances-request'] : TAGGED),
  }
}

/** That it is refused: EC2 User Guide, "Change instance termination protection"; code and words are ours. */
const spotProtected = () =>
  new AwsError('UnsupportedOperation', "'disableApiTermination' is not supported for spot instances.")

function parseCounts(input: RunInstancesRequest): { minCount: number; maxCount: number } {
  const { MinCount: minCount = 0, MaxCount: maxCount = 0 } = input
  for (const [name, count] of [
    ['minCount', minCount],
    ['maxCount', maxCount],
  ] as const) {
    if (!Number.isInteger(count) || count < 1) {
      throw new AwsError(
        'InvalidParameterValue',
        `Invalid value '${count}' for ${name}. Must be an integer greater than 0.`,
      )
    }
  }
  if (minCount > maxCount) {
    const message = `Value (${minCount}) for parameter minCount is invalid. It must not be greater than maxCount (${maxCount}).`
    throw new AwsError('InvalidParameterValue', message)
  }
  return { minCount, maxCount }
}

/** @throws AwsError InvalidParameterValue: not base64, or too long */
export function parseUserData(base64: string | undefined): string | undefined {
  if (base64 === undefined || base64 === '') return undefined
  const compact = base64.replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    throw new AwsError('InvalidParameterValue', 'Invalid BASE64 encoding of user data.')
  }
  if (Buffer.from(compact, 'base64').length > MAX_USER_DATA_BYTES) {
    throw new AwsError('InvalidParameterValue', `User data is limited to ${MAX_USER_DATA_BYTES} bytes`)
  }
  return compact
}

export function parseShutdownBehavior(value: string | undefined): 'stop' | 'terminate' {
  if (value === undefined) return 'stop'
  if (value !== 'stop' && value !== 'terminate') throw invalidValue(value, 'instanceInitiatedShutdownBehavior')
  return value
}
