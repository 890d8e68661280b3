import { inspect } from 'node:util'
import { nearest } from '../nearest.js'
import { InstanceDoesNotExist } from '../node/errors.js'
import type { Node } from '../node/node.js'
import { foldNodeNames } from '../ssh/fold.js'
import type { ClusterDeps } from './deps.js'
import { MasterDoesNotExist, NoClusterNodesFound } from './errors.js'
import { describeMembers } from './members.js'
import type { NodePool } from './node-pool.js'
import type { ClusterRecord } from './record.js'
import { groupName } from './tag.js'

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
  ) {}

  get name(): string {
    return this.tag
  }
  /** What it was started with. @throws IncompatibleCluster when its tags cannot be read */
  get record(): ClusterRecord {
    this.settings ??= this.read()
    return this.settings
  }
  /** Name of the security group. */
  get securityGroup(): string {
    return groupName(this.tag)
  }
  get region(): { readonly name: string } {
    return { name: this.deps.region.name }
  }
  get clusterUser(): string {
    return this.record.user
  }
  get clusterShell(): string {
    return this.record.shell
  }
  get keyname(): string {
    return this.record.keyname
  }
  get plugins(): readonly string[] {
    return this.record.plugins
  }

  /** All nodes that exist, in whatever state, the master first, then by alias. */
  async getNodes({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<Node[]> {
    const instances = this.groupId === '' ? [] : await describeMembers(this.deps, this.groupId, signal)
    this.seen = this.pool.adopt(this.tag, () => this.record.keyname, instances)
    return this.seen
  }
  async getRunningNodes(options: { signal?: AbortSignal | undefined } = {}): Promise<Node[]> {
    return (await this.getNodes(options)).filter((node) => node.isRunning())
  }
  async getStoppedNodes(options: { signal?: AbortSignal | undefined } = {}): Promise<Node[]> {
    return (await this.getNodes(options)).filter((node) => node.isStopped())
  }
  /** @throws NoClusterNodesFound */
  async getNodesOrThrow(options: { signal?: AbortSignal | undefined } = {}): Promise<Node[]> {
    const nodes = await this.getNodes(options)
    if (nodes.length > 0) return nodes
    throw new NoClusterNodesFound(`cluster ${this.tag} has no nodes`, {
      hint: `an earlier start was interrupted, or they were killed; clean up with "starcluster terminate ${this.tag}"`,
    })
  }
  /** @throws MasterDoesNotExist */
  async getMaster(options: { signal?: AbortSignal | undefined } = {}): Promise<Node> {
    return masterOf(this.tag, await this.getNodes(options))
  }
  /** A node by alias, instance id, address or DNS name. @throws InstanceDoesNotExist naming the nearest */
  async getNode(identifier: string, options: { signal?: AbortSignal | undefined } = {}): Promise<Node> {
    return findNode(this.tag, await this.getNodes(options), identifier)
  }
  /** Every node runs and lets us in by ssh. */
  async isUp(): Promise<boolean> {
    const nodes = await this.getNodes()
    if (nodes.length === 0 || !nodes.every((node) => node.isRunning())) return false
    return (await Promise.all(nodes.map((node) => node.isSshUp()))).every((up) => up)
  }
  async isStopped(): Promise<boolean> {
    const nodes = await this.getNodes()
    return nodes.length > 0 && nodes.every((node) => node.isStopped())
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
}

/** @throws MasterDoesNotExist */
export function masterOf(tag: string, nodes: readonly Node[]): Node {
  const master = nodes.find((node) => node.isMaster())
  if (master) return master
  throw new MasterDoesNotExist(tag)
}

/** @throws InstanceDoesNotExist naming the nearest and all there are */
export function findNode(tag: string, nodes: readonly Node[], identifier: string): Node {
  const matches = (node: Node) =>
    [
      node.alias,
      node.id,
      node.ipAddress,
      node.privateIpAddress,
      node.publicDnsName,
      node.privateDnsName,
      node.privateDnsNameShort,
      node.spotId,
    ].includes(identifier) ||
    // With a DNS prefix the short name works too: node001 for mycluster-node001.
    node.alias === `${tag}-${identifier}`
  const found = identifier === '' ? undefined : nodes.find(matches)
  if (found) return found
  const aliases = nodes.map((node) => node.alias)
  const close = nearest(identifier, aliases)
  throw new InstanceDoesNotExist(
    `cluster ${tag} has no node ${identifier}${close ? ` (did you mean ${close}?)` : ''}`,
    {
      hint:
        aliases.length > 0
          ? `its nodes: ${aliases.slice(0, 20).join(', ')}${aliases.length > 20 ? ', ...' : ''}`
          : 'it has no nodes',
    },
  )
}
