import { createHash } from 'node:crypto'
import type { EbsBlockDevice } from '@aws-sdk/client-ec2'
import type { PlacementGroupRecord } from './placement-groups/records.js'
import type { ProfileRecord } from './profiles/profiles.js'
import type { SnapshotRecord } from './snapshots/records.js'
import type { SpotRequestRecord } from './spot/records.js'
import type { VolumeRecord } from './volumes/records.js'
import type { NetworkState } from './vpc/records.js'
import { DEFAULT_GROUP_ID, VPC_ID } from './vpc/zones.js'

/** What EC2 remembers: plain JSON, changed in place by the actions and the lifecycle, saved by the daemon. */
export interface Ec2State {
  /** Last number given to an instance; ids are random, so this is what keeps them in order of launch. */
  sequence: number
  instances: Record<string, InstanceRecord>
  /** By client token. */
  launches: Record<string, LaunchRecord>
  /** By key pair id. */
  keyPairs: Record<string, KeyPairRecord>
  /** By group id. */
  securityGroups: Record<string, SecurityGroupRecord>
  /** By AMI id. */
  images: Record<string, ImageRecord>
  /** By volume id; root volumes too. */
  volumes: Record<string, VolumeRecord>
  /** By snapshot id. */
  snapshots: Record<string, SnapshotRecord>
  /** The AMI behind the alias `default`. */
  defaultImageId?: string
  /** By name; older states have none. */
  instanceProfiles?: Record<string, ProfileRecord>
  /** By request id; older states have none. */
  spotRequests?: Record<string, SpotRequestRecord>
  /** Older states have none; see `networkOf`. */
  network?: NetworkState
  /** By name; older states have none. */
  placementGroups?: Record<string, PlacementGroupRecord>
  /** By resource id, then by key. */
  tags: Record<string, Record<string, string>>
  /** Last host number given out, per subnet id and `public`: addresses come back into use as late as possible. */
  addressCursors: Record<string, number>
  /** Set when an older state took the place of a damaged one, until the nodes have been compared with it. */
  older?: boolean
  /** Nodes that an older state did not know: kept stopped, their disks never deleted by us. */
  keptNodes?: string[]
}

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated'

export interface InstanceRecord {
  readonly id: string
  readonly sequence: number
  readonly reservationId: string
  readonly amiLaunchIndex: number
  readonly imageId: string
  /** Image layers under the nodes' image store, topmost first. Kept here: the AMI may be deregistered. */
  readonly layers: string[]
  instanceType: string
  readonly keyName?: string
  /** OpenSSH public key at launch; the key pair may be deleted later. */
  readonly publicKey?: string
  readonly subnetId: string
  /** Missing: the default VPC. */
  readonly vpcId?: string
  readonly zone: string
  readonly privateIp: string
  publicIp?: string
  /** False: it has no public address, also after a stop. */
  readonly wantsPublicIp?: false
  /** Name of its placement group. */
  readonly placementGroup?: string
  /** In a placement group of partitions. */
  readonly partition?: number
  securityGroupIds: string[]
  readonly networkInterfaceId: string
  readonly attachmentId: string
  readonly rootVolumeId: string
  /** Volumes attached to it, the root volume first. */
  volumeIds: string[]
  /** GiB of the root volume, when the launch named a size. */
  readonly rootVolumeSize?: number
  readonly launchedAt: string
  /** Start of the present run; EC2's LaunchTime. */
  launchTime: string
  state: InstanceState
  stateReason?: { code: string; message: string }
  stateTransitionReason?: string
  terminatedAt?: string
  /** Its node has booted at least once: there is a disk worth keeping. */
  hasRun?: boolean
  /** A reboot was asked for and is not done yet. */
  rebootRequested?: boolean
  /** Base64, as it came. */
  userData?: string
  readonly clientToken?: string
  spotRequestId?: string
  /** Its instance profile. */
  profile?: { readonly name: string; readonly associationId: string }
  shutdownBehavior: 'stop' | 'terminate'
  disableApiTermination: boolean
  disableApiStop: boolean
  sourceDestCheck: boolean
  ebsOptimized: boolean
  readonly monitoring: boolean
  metadata: InstanceMetadataSettings
}

export interface InstanceMetadataSettings {
  tokens: 'optional' | 'required'
  endpoint: 'enabled' | 'disabled'
  tags: 'enabled' | 'disabled'
  hopLimit: number
}

interface LaunchRecord {
  /** Of the request's parameters: the same token with others is an error. */
  readonly fingerprint: string
  readonly reservationId: string
  readonly at: string
}

export interface KeyPairRecord {
  readonly id: string
  readonly name: string
  readonly type: 'rsa' | 'ed25519'
  readonly fingerprint: string
  /** One line of OpenSSH's format. */
  readonly publicKey: string
  readonly createdAt: string
}

export interface SecurityGroupRecord {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly vpcId: string
  rules: SecurityGroupRuleRecord[]
}

/** One rule with one source, as EC2 keeps them. Exactly one of the source members is set. */
export interface SecurityGroupRuleRecord {
  readonly id: string
  readonly egress: boolean
  /** `tcp`, `udp`, `icmp`, `icmpv6`, a protocol number, or `-1` for all. */
  readonly protocol: string
  /** -1 where ports mean nothing. */
  readonly fromPort: number
  readonly toPort: number
  readonly cidr?: string
  readonly cidr6?: string
  readonly groupId?: string
  description?: string
}

export interface ImageRecord {
  readonly id: string
  readonly name: string
  description: string
  readonly architecture: 'x86_64' | 'arm64'
  layers: string[]
  readonly createdAt: string
  /** Missing: available. */
  state?: 'pending' | 'available' | 'failed'
  stateReason?: { code: string; message: string }
  /** Made by the local cloud itself, from the computer's package sources. */
  readonly base?: true
  /** Accounts that may launch from it, and `all`. */
  launchPermissions?: string[]
  /** Name of the file it was imported from. */
  readonly importedFrom?: string
  /** Set for images made with CreateImage, and copies of them. */
  readonly sourceInstanceId?: string
  /** Set while it is pending: the machine goes on without a stop meanwhile. */
  noReboot?: boolean
  /** Snapshot of its root volume; the base image has none. */
  rootSnapshotId?: string
  /** GiB that its root volumes have at least; missing: the usual. */
  rootVolumeSize?: number
  /** Volumes its instances get beside the root volume. */
  volumes?: ImageVolume[]
  /** AMI this one is a copy of. */
  readonly sourceImageId?: string
}

/** A volume of an image's instances. */
export interface ImageVolume {
  readonly device: string
  readonly ebs: EbsBlockDevice
}

export function emptyEc2State(): Ec2State {
  return {
    sequence: 0,
    instances: {},
    launches: {},
    keyPairs: {},
    securityGroups: { [DEFAULT_GROUP_ID]: regionsGroup() },
    images: {},
    volumes: {},
    snapshots: {},
    tags: {},
    addressCursors: {},
  }
}

const regionsGroup = () => defaultGroup(DEFAULT_GROUP_ID, VPC_ID, ['sgr-01078000000000001', 'sgr-01078000000000002'])

/** Every VPC has one; it lets its own members in and everything out, and cannot be deleted. */
export function defaultGroup(id: string, vpcId: string, [inward, outward]: [string, string]): SecurityGroupRecord {
  const all = { protocol: '-1', fromPort: -1, toPort: -1 }
  return {
    id,
    name: 'default',
    description: 'default VPC security group',
    vpcId,
    rules: [
      { id: inward, egress: false, ...all, groupId: id },
      { id: outward, egress: true, ...all, cidr: '0.0.0.0/0' },
    ],
  }
}

/** What the image store tells of a base image. */
export interface BaseImageDescription {
  /** Stable id in the image store; the AMI id is derived from it. */
  readonly id: string
  /** Name of the distribution, e.g. `debian-12`; an alias for the AMI id wherever one is asked for. */
  readonly name: string
  readonly layers: readonly string[]
  readonly created: Date | string
}

const baseImageId = (id: string) => `ami-${createHash('sha256').update(id).digest('hex').slice(0, 17)}`

/** Forgets base images that are none of these any more: replaced by a newer one, or deleted by hand. */
export function forgetBaseImages(state: Ec2State, present: readonly Pick<BaseImageDescription, 'id'>[]): void {
  const known = new Set(present.map(({ id }) => baseImageId(id)))
  for (const { id, base } of Object.values(state.images)) {
    if (!base || known.has(id)) continue
    delete state.images[id]
    delete state.tags[id]
    if (state.defaultImageId === id) delete state.defaultImageId
  }
}

/** Makes a base image an AMI, and the meaning of `default` unless told not to. Called at each start of the daemon; idempotent. */
export function registerBaseImage(state: Ec2State, base: BaseImageDescription, isDefault = true): ImageRecord {
  const id = baseImageId(base.id)
  const image: ImageRecord = {
    id,
    name: base.name,
    description: `${base.name} base image of the local cloud`,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    layers: [...base.layers],
    createdAt: new Date(base.created).toISOString(),
    base: true,
  }
  state.images[id] = image
  if (isDefault) state.defaultImageId = id
  return image
}
