import { createHash } from 'node:crypto'
import type {
  _InstanceType,
  InstanceMarketOptionsRequest,
  RunInstancesCommandInput,
  Tag,
  TagSpecification,
  VolumeType,
} from '@aws-sdk/client-ec2'
import { foldAliases, masterAlias } from '../node/aliases.js'
import { aliasesTagKey, clusterTagKey } from '../node/instance-view.js'
import type { SpotRecord } from './record.js'
import { groupName } from './tag.js'
import type { CheckedPlan, LaunchableGroup } from './validate.js'

/** How a group is asked for. */
export interface LaunchTerms {
  /** Where to, when the subnet does not say it. */
  readonly zone: string | undefined
  readonly spot: boolean
  /** Fewer nodes are none. */
  readonly minCount: number
}

/** The RunInstances request for the nodes of one group. */
export function launchRequest(
  plan: CheckedPlan,
  group: LaunchableGroup,
  groupId: string,
  terms: LaunchTerms,
): RunInstancesCommandInput {
  const { record, network, marks } = plan
  const { tags = {}, iamProfile, ttlAction } = record.launch ?? {}
  const { zone, minCount } = terms
  const spot = terms.spot ? record.launch?.spot : undefined
  return {
    ImageId: group.image.id,
    InstanceType: group.instanceType as _InstanceType,
    MinCount: minCount,
    MaxCount: group.aliases.length,
    KeyName: record.keyname,
    UserData: plan.userData.toString('base64'),
    ClientToken: clientToken(plan, group, groupId, terms),
    MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 },
    TagSpecifications: [
      { ResourceType: 'instance', Tags: withTags(instanceTags(plan.tag, group), tags) },
      { ResourceType: 'volume', Tags: withTags([{ Key: clusterTagKey, Value: plan.tag }], tags) },
      ...(spot ? [spotRequestTags(plan.tag, tags)] : []),
    ],
    ...(spot ? { InstanceMarketOptions: marketOptions(spot) } : {}),
    ...(iamProfile === undefined
      ? {}
      : { IamInstanceProfile: { [iamProfile.startsWith('arn:') ? 'Arn' : 'Name']: iamProfile } }),
    ...(ttlAction === 'terminate' ? { InstanceInitiatedShutdownBehavior: 'terminate' } : {}),
    ...(marks?.isProtected && mayBeProtected(terms) ? { DisableApiTermination: true } : {}),
    ...rootVolume(plan, group),
    ...place(plan, group, zone),
    ...placeInNetwork(network.subnetId, groupId, record.publicIps),
  }
}

/** Equal for a request that is sent again, also by a later start of the same cluster: it does not launch again. */
function clientToken(plan: CheckedPlan, group: LaunchableGroup, groupId: string, terms: LaunchTerms): string {
  const { zone = '', spot, minCount } = terms
  const nodes = `${foldAliases(group.aliases)} ${group.instanceType} ${group.image.id}`
  const parts = [groupId, nodes, zone, spot, minCount, plan.launchId ?? '']
  return createHash('sha256').update(parts.join(' ')).digest('hex')
}

/** Source: EC2 User Guide, "Change instance termination protection": not for spot instances. */
const mayBeProtected = ({ spot }: LaunchTerms) => !spot

/** One that ends with its instance: nothing is launched again after an interruption, nothing is left to cancel. */
function marketOptions({ maxPrice }: SpotRecord): InstanceMarketOptionsRequest {
  return {
    MarketType: 'spot',
    SpotOptions: {
      SpotInstanceType: 'one-time',
      InstanceInterruptionBehavior: 'terminate',
      MaxPrice: priceText(maxPrice),
    },
  }
}

/** A plain decimal, never 1e-7. */
const priceText = (price: number) => String(Number(price.toFixed(6)))

function spotRequestTags(tag: string, own: Readonly<Record<string, string>>): TagSpecification {
  return { ResourceType: 'spot-instances-request', Tags: withTags([{ Key: clusterTagKey, Value: tag }], own) }
}

function instanceTags(tag: string, { aliases }: LaunchableGroup): Tag[] {
  return [
    { Key: clusterTagKey, Value: tag },
    { Key: aliasesTagKey, Value: foldAliases(aliases) },
    { Key: 'Name', Value: aliases.length === 1 && aliases[0] === masterAlias() ? `${tag} master` : tag },
  ]
}

/** The user's tags added to ours; a Name of his own counts. */
export function withTags(ours: readonly Tag[], own: Readonly<Record<string, string>>): Tag[] {
  const theirs = Object.entries(own).map(([Key, Value]) => ({ Key, Value }))
  return [...ours.filter(({ Key = '' }) => !Object.hasOwn(own, Key)), ...theirs]
}

/** Nothing where the device of the image's root volume is not known: then the volume is as the image has it. */
function rootVolume(
  { record }: CheckedPlan,
  { image }: LaunchableGroup,
): Pick<RunInstancesCommandInput, 'BlockDeviceMappings'> {
  const wanted = record.launch?.rootVolume
  if (!wanted || image.rootDevice === undefined) return {}
  const { size, type, encrypted } = wanted
  const ebs = {
    DeleteOnTermination: true,
    VolumeType: type as VolumeType,
    // false would be refused for an image whose snapshot is encrypted.
    ...(encrypted ? { Encrypted: true } : {}),
    ...(size === undefined ? {} : { VolumeSize: size }),
  }
  return { BlockDeviceMappings: [{ DeviceName: image.rootDevice, Ebs: ebs }] }
}

function place({ record, tag }: CheckedPlan, { clusterPlacement }: LaunchableGroup, zone: string | undefined) {
  const GroupName = record.placementGroup && clusterPlacement ? groupName(tag) : undefined
  if (zone === undefined && GroupName === undefined) return {}
  return {
    Placement: { ...(zone === undefined ? {} : { AvailabilityZone: zone }), ...(GroupName ? { GroupName } : {}) },
  }
}

function placeInNetwork(subnetId: string | undefined, groupId: string, publicIps: boolean | undefined) {
  const place = subnetId === undefined ? {} : { SubnetId: subnetId }
  if (publicIps === undefined) return { SecurityGroupIds: [groupId], ...place }
  return { NetworkInterfaces: [{ DeviceIndex: 0, Groups: [groupId], AssociatePublicIpAddress: publicIps, ...place }] }
}
