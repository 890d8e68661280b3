import { groupRules, ruleText } from '../aws/group-rules.js'
import { hasPublicIps } from './check-network.js'
import type { ClusterDeps } from './deps.js'
import { needsPlacementGroup } from './launch.js'
import { isSpot } from './launch-attempts.js'
import type { NodePool } from './node-pool.js'
import { checkedStart } from './start.js'
import type { StartOptions } from './start-options.js'
import { groupName } from './tag.js'
import type { CheckedPlan } from './validate.js'

/** What a start would make. */
export interface StartPreview {
  readonly tag: string
  readonly region: string
  readonly nodes: readonly {
    readonly aliases: readonly string[]
    readonly instanceType: string
    /** Absent: on demand. */
    readonly spot?: true
    /** As the settings call it, and as EC2 will. */
    readonly image: { readonly wanted: string; readonly id: string }
    /** undefined: EC2 chooses. */
    readonly zone: string | undefined
    readonly placementGroup: string | undefined
  }[]
  readonly network: {
    readonly vpcId: string
    readonly subnetId: string | undefined
    readonly publicIps: boolean
  }
  readonly securityGroup: { readonly name: string; readonly rules: readonly string[] }
  readonly placementGroup: string | undefined
  /** Absent: it does not end by itself. */
  readonly ttl?: { readonly seconds: number; readonly action: 'stop' | 'terminate' }
  readonly isProtected?: true
  readonly keyPair: { readonly name: string; readonly work: 'none' | 'import' | 'make' }
  /** Ids of volumes that are attached. Each node has a root volume besides. */
  readonly volumes: readonly string[]
  /** Calls that change something, and how often; reading ones are not counted. */
  readonly calls: Readonly<Record<string, number>>
}

/**
 * Checks everything a start checks and tells what it would make. Changes nothing.
 *
 * @throws as `startCluster` does before it launches
 */
export async function previewStart(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: StartOptions = {},
): Promise<StartPreview> {
  const { checked, sshCidr } = await checkedStart(deps, pool, tag, options)
  const { record, network } = checked
  const zone = record.zone ?? network.zone
  const volumes = record.launch?.volumes ?? []
  const seconds = checked.marks?.lifetime?.seconds
  const placed = needsPlacementGroup(checked) ? groupName(tag) : undefined
  return {
    tag,
    region: deps.region.name,
    nodes: checked.groups.map((group) => ({
      aliases: group.aliases,
      instanceType: group.instanceType,
      ...(isSpot(checked, group) ? { spot: true } : {}),
      image: { wanted: group.imageId, id: group.image.id },
      zone,
      placementGroup: group.clusterPlacement ? placed : undefined,
    })),
    network: { vpcId: network.vpcId, subnetId: network.subnetId, publicIps: hasPublicIps(checked, network) },
    securityGroup: { name: groupName(tag), rules: groupRules('', { ...checked, sshCidr }).map(ruleText) },
    placementGroup: placed,
    ...(seconds === undefined ? {} : { ttl: { seconds, action: record.launch?.ttlAction ?? 'stop' } }),
    ...(checked.marks?.isProtected ? { isProtected: true } : {}),
    keyPair: { name: checked.key.keyname, work: checked.keyPair.what },
    volumes: volumes.map(({ volumeId }) => volumeId),
    calls: callsOf(checked),
  }
}

function callsOf(checked: CheckedPlan): Record<string, number> {
  const { groups, keyPair, record } = checked
  const volumes = record.launch?.volumes ?? []
  return {
    ...(keyPair.what === 'none' ? {} : { ImportKeyPair: 1 }),
    CreateSecurityGroup: 1,
    AuthorizeSecurityGroupIngress: 1,
    ...(needsPlacementGroup(checked) ? { CreatePlacementGroup: 1 } : {}),
    RunInstances: groups.length,
    DeleteTags: 1,
    ...(checked.marks?.lifetime ? { CreateTags: 1 } : {}),
    ...(volumes.length > 0 ? { AttachVolume: volumes.length } : {}),
  }
}
