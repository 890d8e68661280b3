import type { Instance } from '@aws-sdk/client-ec2'
import { isAwsError } from '../aws/errors.js'
import { describeInstances, livingStates } from '../aws/instances.js'
import { interruptionNotices } from '../aws/spot-requests.js'
import type { Node } from '../node/node.js'
import { onEach } from '../ssh/fan-out.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { type ClusterGroup, clusterOf, findGroups } from './discover.js'
import { ClusterDoesNotExist, hasEnded, IncompatibleCluster } from './errors.js'
import { isLaunching } from './launch.js'
import { readMarks } from './marks.js'
import type { NodePool } from './node-pool.js'
import { groupName } from './tag.js'

/** A cluster as `listclusters` shows it. */
export interface ClusterListing {
  readonly tag: string
  /** Name of the security group. */
  readonly securityGroup: string
  readonly vpcId: string
  /** Of the first node, when it runs or is about to. */
  readonly launchTime?: Date
  readonly zone?: string
  readonly keyname?: string
  readonly subnetId?: string
  /** When it ends by itself: its nodes run, and have been told. */
  readonly ends?: Date
  /** When it ended by itself: its nodes are stopped, or gone. */
  readonly ended?: Date
  /** Neither it nor nodes of it are terminated before that is lifted. */
  readonly isProtected?: true
  /** EBS volumes that the cluster was started with. */
  readonly volumes: readonly VolumeListing[]
  readonly nodes: readonly NodeListing[]
}

interface VolumeListing {
  readonly volumeId: string
  /** Where the nodes have it. */
  readonly mountPath: string
}

interface NodeListing {
  readonly alias: string
  readonly state: string
  readonly instanceId: string
  readonly address?: string
  /** Id of the request, of a spot instance. */
  readonly spotId?: string
  /** Why it ended, when that was not asked for, or that it is going to. */
  readonly notice?: string
  /** Only when asked for. */
  readonly ssh?: 'Up' | 'Down'
}

export interface ListOptions {
  /** Only these; all by default. */
  readonly tags?: readonly string[]
  /** Try ssh on every running node. */
  readonly showSshStatus?: boolean
  readonly signal?: AbortSignal
}

/** Clusters of the region with their nodes. Two requests, however many there are, and one for spot instances. @throws ClusterDoesNotExist */
export async function listClusters(
  deps: ClusterDeps,
  pool: NodePool,
  options: ListOptions = {},
): Promise<ClusterListing[]> {
  const { tags, signal } = options
  const [groups, instances] = await Promise.all([
    findGroups(deps, undefined, signal),
    describeAllMembers(deps, tags, signal),
  ])
  const missing = tags?.find((tag) => !groups.has(tag))
  if (missing !== undefined) throw new ClusterDoesNotExist(missing, deps.region.name, [...groups.keys()])
  const wanted = tags ? tags.map((tag) => groups.get(tag)!) : [...groups.values()]
  const spotIds = instances.flatMap(({ SpotInstanceRequestId }) => SpotInstanceRequestId || [])
  const notices = await allowed(interruptionNotices(deps.aws.ec2, spotIds, signal), new Map<string, string>())
  return Promise.all(wanted.map((group) => listing(deps, pool, group, membersOf(group, instances), notices, options)))
}

async function listing(
  deps: ClusterDeps,
  pool: NodePool,
  group: ClusterGroup,
  instances: readonly Instance[],
  notices: ReadonlyMap<string, string>,
  { showSshStatus }: ListOptions,
): Promise<ClusterListing> {
  const cluster = clusterOf(deps, pool, group)
  const nodes = pool.adopt(group.tag, () => cluster.record, instances)
  const ssh = showSshStatus ? await onEach(nodes, sshStatus) : []
  const [first] = nodes
  const alive = first?.state === 'running' || first?.state === 'pending'
  return {
    tag: group.tag,
    securityGroup: groupName(group.tag),
    vpcId: group.vpcId,
    ...(alive && first?.launchTime ? { launchTime: first.launchTime } : {}),
    ...(first?.placement ? { zone: first.placement } : {}),
    ...(first?.keyName ? { keyname: first.keyName } : {}),
    ...(first?.subnetId ? { subnetId: first.subnetId } : {}),
    ...endOf(group, nodes),
    ...(cluster.isProtected ? { isProtected: true as const } : {}),
    volumes: volumesOf(cluster),
    nodes: nodes.map((node, i) => ({
      alias: node.alias,
      state: node.state,
      instanceId: node.id,
      // A stopped node answers nowhere, whatever name it keeps.
      ...(node.addr && node.isRunning() ? { address: node.dnsName } : {}),
      ...(ssh[i] ? { ssh: ssh[i] } : {}),
      ...spotFacts(node, notices),
    })),
  }
}

/** Nodes that were stopped by somebody before the end count anew when they are resumed: it says nothing any more. */
function endOf(group: ClusterGroup, nodes: readonly Node[]): Pick<ClusterListing, 'ends' | 'ended'> {
  const { ends } = readMarks(group.group.Tags).lifetime ?? {}
  if (!ends || isLaunching(group)) return {}
  if (nodes.some(({ state }) => state === 'running' || state === 'pending')) return { ends }
  const byThemselves = nodes.some(({ instance }) => instance.StateReason?.Code === 'Client.InstanceInitiatedShutdown')
  return hasEnded(ends) && (nodes.length === 0 || byThemselves) ? { ended: ends } : {}
}

/** None of a cluster whose settings cannot be read: it can be listed all the same. */
function volumesOf(cluster: Cluster): VolumeListing[] {
  try {
    return cluster.volumes.map(({ volumeId, mountPath }) => ({ volumeId, mountPath }))
  } catch (error) {
    if (error instanceof IncompatibleCluster) return []
    throw error
  }
}

function spotFacts({ spotId, instance }: Node, notices: ReadonlyMap<string, string>) {
  const { Code = '', Message } = instance.StateReason ?? {}
  // What users do themselves needs no reason.
  const notice = notices.get(spotId ?? '') ?? (Code.startsWith('Server.') ? Message : undefined)
  return { ...(spotId ? { spotId } : {}), ...(notice ? { notice } : {}) }
}

/** Credentials that may not ask get `otherwise`. */
async function allowed<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (isAwsError(error, 'UnauthorizedOperation')) return otherwise
    throw error
  }
}

async function sshStatus(node: Node): Promise<'Up' | 'Down'> {
  return node.isRunning() && (await node.isSshUp()) ? 'Up' : 'Down'
}

/** Living nodes of these clusters, or of all. One request per 1000. */
export async function describeAllMembers(
  { aws }: Pick<ClusterDeps, 'aws'>,
  tags: readonly string[] | undefined,
  signal?: AbortSignal,
): Promise<Instance[]> {
  const filters = [
    { Name: 'instance.group-name', Values: tags ? tags.map(groupName) : [groupName('*')] },
    { Name: 'instance-state-name', Values: [...livingStates] },
  ]
  return describeInstances(aws.ec2, filters, signal)
}

function membersOf(group: ClusterGroup, instances: readonly Instance[]): Instance[] {
  return instances.filter(({ SecurityGroups }) => SecurityGroups?.some(({ GroupId }) => GroupId === group.id))
}
