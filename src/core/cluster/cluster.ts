import { inspect } from 'node:util'
import type { SpotInstanceRequest } from '@aws-sdk/client-ec2'
import { describeSpotRequests } from '../aws/spot-requests.js'
import type { SshTarget, SshTargetOptions } from '../node/login.js'
import type { Node } from '../node/node.js'
import { foldNodeNames } from '../ssh/fold.js'
import type { ClusterDeps } from './deps.js'
import { NoClusterNodesFound, NoClusterSpotRequests } from './errors.js'
import { findNode, masterOf } from './find-node.js'
import type { ClusterMarks } from './marks.js'
import { describeMembers } from './members.js'
import type { NodePool } from './node-pool.js'
import type { ClusterRecord } from './record.js'
import { groupName } from './tag.js'
import type { ClusterVolume } from './volumes.js'

interface Asking {
  readonly signal?: AbortSignal | undefined
}

/** A cluster: a security group whose members are its nodes. Asking for nodes asks EC2; node objects are used again. */
export class Cluster {
  private seen: Node[] | undefined
  private settings: ClusterRecord | undefined

  constructor(
    readonly tag: string,
    /** Id of the security group. Empty: not launched. */
    readonly groupId: string,
    private readonly read: () => ClusterRecord,
    private readonly deps: ClusterDeps,
    private readonly pool: NodePool,
    /** What changes while it lives, as it was last read or set. */
    public marks: ClusterMarks = {},
  ) {}

  /** The tag. Original: `cluster_tag` too. */
  get name(): string {
    return this.tag
  }
  /** What it was started with. @throws IncompatibleCluster when its tags cannot be read */
  get record(): ClusterRecord {
    this.settings ??= this.read()
    return this.settings
  }
  /** Name of the security group; `groupId` is its id. Original: `cluster_group`. */
  get securityGroup(): string {
    return groupName(this.tag)
  }
  get region(): { readonly name: string } {
    return { name: this.deps.region.name }
  }
  /** Availability zone it was started in; undefined: EC2 chose. */
  get zone(): string | undefined {
    return this.record.zone
  }
  /** Id of the subnet it was started in; undefined: the default one. Original: `subnet`. */
  get subnetId(): string | undefined {
    return this.record.subnetId
  }
  /** Name of the cluster user's account. */
  get clusterUser(): string {
    return this.record.user
  }
  /** Name of the cluster user's shell. */
  get clusterShell(): string {
    return this.record.shell
  }
  /** Name of the key pair that opens its nodes. */
  get keyname(): string {
    return this.record.keyname
  }
  /** When its nodes shut themselves down, a minute sooner or later; undefined: not by themselves. */
  get ends(): Date | undefined {
    return this.marks.lifetime?.ends
  }
  /** It is neither terminated nor made smaller before that is lifted. */
  get isProtected(): boolean {
    return this.marks.isProtected === true
  }
  /** Names of its plugins, in order. */
  get plugins(): readonly string[] {
    return this.record.plugins
  }

  /** EBS volumes it was started with, which its master has; whether blank ones are formatted is as the config says now. */
  get volumes(): readonly ClusterVolume[] {
    return (this.record.launch?.volumes ?? []).map((volume) => {
      const section = this.deps.config().volumes.get(volume.name)
      return section?.volumeId === volume.volumeId && section.format ? { ...volume, format: section.format } : volume
    })
  }

  /** All nodes that exist, in whatever state, the master first, then by alias. Original: `nodes`. */
  async getNodes(options?: Asking): Promise<Node[]>
  /** These nodes, each by alias, instance id, address or DNS name. @throws InstanceDoesNotExist naming the nearest */
  async getNodes(identifiers: readonly string[], options?: Asking): Promise<Node[]>
  async getNodes(which: readonly string[] | Asking = {}, options: Asking = {}): Promise<Node[]> {
    if (!isList(which)) return this.askNodes(which.signal)
    const nodes = await this.askNodes(options.signal)
    return which.map((identifier) => findNode(this.tag, nodes, identifier))
  }
  /** Original: `running_nodes`. */
  async getRunningNodes(options?: Asking): Promise<Node[]> {
    return (await this.getNodes(options)).filter((node) => node.isRunning())
  }
  /** Original: `stopped_nodes`. */
  async getStoppedNodes(options?: Asking): Promise<Node[]> {
    return (await this.getNodes(options)).filter((node) => node.isStopped())
  }
  /** @throws NoClusterNodesFound Original: `get_nodes_or_raise`. */
  async getNodesOrThrow(options?: Asking): Promise<Node[]> {
    const nodes = await this.getNodes(options)
    if (nodes.length > 0) return nodes
    throw new NoClusterNodesFound(`cluster ${this.tag} has no nodes`, {
      hint: `an earlier start was interrupted, or they were killed; clean up with "starcluster terminate ${this.tag}"`,
    })
  }
  /** @throws MasterDoesNotExist Original: `master_node`. */
  async getMaster(options?: Asking): Promise<Node> {
    return masterOf(this.tag, await this.getNodes(options))
  }
  /** A node by alias, instance id, address or DNS name. @throws InstanceDoesNotExist naming the nearest */
  async getNode(identifier: string, options?: Asking): Promise<Node> {
    return findNode(this.tag, await this.getNodes(options), identifier)
  }
  /** Spot requests its nodes came from, as EC2 gives them. Original: `spot_requests`. */
  async getSpotRequests(options?: Asking): Promise<SpotInstanceRequest[]> {
    const ids = (await this.getNodes(options)).flatMap(({ spotId }) => (spotId === undefined ? [] : [spotId]))
    return describeSpotRequests(this.deps.aws.ec2, ids, options?.signal)
  }
  /** @throws NoClusterSpotRequests Original: `get_spot_requests_or_raise`. */
  async getSpotRequestsOrThrow(options?: Asking): Promise<SpotInstanceRequest[]> {
    const requests = await this.getSpotRequests(options)
    if (requests.length > 0) return requests
    throw new NoClusterSpotRequests(`cluster ${this.tag} has no spot requests`, { hint: 'its nodes are on demand' })
  }

  /**
   * How to log in to a node with the system's ssh: program and arguments. Runs nothing on the node.
   * @throws NoClusterNodesFound, InstanceDoesNotExist, InstanceNotRunning, KeyNotFound, HostKeyUnknown
   */
  async sshToNode(identifier: string, options: SshTargetOptions = {}): Promise<SshTarget> {
    const { signal } = options
    const target = await findNode(this.tag, await this.getNodesOrThrow({ signal }), identifier).shell(options)
    return this.ends ? { ...target, clusterEnds: { tag: this.tag, at: this.ends } } : target
  }
  /** @throws MasterDoesNotExist, InstanceNotRunning */
  async sshToMaster(options: SshTargetOptions = {}): Promise<SshTarget> {
    return (await this.getMaster({ signal: options.signal })).shell(options)
  }

  /** Every node runs and lets us in by ssh. Original: `is_cluster_up`. */
  async isUp(): Promise<boolean> {
    const nodes = await this.getNodes()
    if (nodes.length === 0 || !nodes.every((node) => node.isRunning())) return false
    return (await Promise.all(nodes.map((node) => node.isSshUp()))).every((up) => up)
  }
  /** Original: `is_cluster_stopped`. */
  async isStopped(): Promise<boolean> {
    return this.every((node) => node.isStopped())
  }
  /** It has no nodes any more. Original: `is_cluster_terminated`. */
  async isTerminated(): Promise<boolean> {
    return (await this.getNodes()).length === 0
  }
  async isSpotCluster(): Promise<boolean> {
    return this.every((node) => node.isSpot())
  }
  async hasSpotNodes(): Promise<boolean> {
    return (await this.getNodes()).some((node) => node.isSpot())
  }
  async isEbsCluster(): Promise<boolean> {
    return this.every((node) => node.isEbsBacked())
  }
  async hasEbsNodes(): Promise<boolean> {
    return (await this.getNodes()).some((node) => node.isEbsBacked())
  }
  /** Every node can be stopped and started again with its disk. */
  async isStoppable(): Promise<boolean> {
    return this.every((node) => node.isStoppable())
  }
  async hasStoppableNodes(): Promise<boolean> {
    return (await this.getNodes()).some((node) => node.isStoppable())
  }

  [inspect.custom](): string {
    const { tag } = this
    const where = `region ${this.deps.region.name}`
    if (!this.seen) return `Cluster ${tag} (${where})`
    const states = new Map<string, string[]>()
    for (const { state, alias } of this.seen) states.set(state, [...(states.get(state) ?? []), alias])
    const shown = [...states].map(([state, aliases]) => `${foldNodeNames(aliases)} ${state}`).join(', ')
    return `Cluster ${tag} (${where}): ${shown || 'no nodes'}`
  }

  private async askNodes(signal: AbortSignal | undefined): Promise<Node[]> {
    const instances = this.groupId === '' ? [] : await describeMembers(this.deps, this.groupId, signal)
    this.seen = this.pool.adopt(this.tag, () => this.record, instances)
    return this.seen
  }

  /** False for a cluster without nodes. */
  private async every(is: (node: Node) => boolean): Promise<boolean> {
    const nodes = await this.getNodes()
    return nodes.length > 0 && nodes.every(is)
  }
}

function isList(which: readonly string[] | Asking): which is readonly string[] {
  return Array.isArray(which)
}
