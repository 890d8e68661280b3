import type { Instance } from '@aws-sdk/client-ec2'
import { tagOf } from '../aws/instances.js'
import { aliasAt, compareAliases } from '../node/aliases.js'
import { aliasesTagKey } from '../node/instance-view.js'
import { Node } from '../node/node.js'
import { NodeConnection } from '../node/node-connection.js'
import { addressHint } from './address-hint.js'
import { type ClusterKey, clusterKey } from './cluster-key.js'
import type { ClusterDeps } from './deps.js'
import { HostKeyPins } from './host-key-pins.js'
import type { ClusterRecord } from './record.js'
import { SshProxy } from './ssh-proxy.js'

/** How one logs in to the nodes of a cluster. */
type LoginSettings = Pick<ClusterRecord, 'keyname' | 'sshProxy'>

const hintsLastMs = 60_000

/** The nodes a program has met, by instance id, so that their ssh connections are used again by everything later. */
export class NodePool {
  private readonly nodes = new Map<string, Node>()
  private readonly pins = new Map<string, HostKeyPins>()
  private readonly proxies = new Map<string, SshProxy>()
  private readonly keyFiles = new Map<string, string>()
  private readonly hints = new Map<string, { readonly hint: Promise<string | undefined>; readonly at: number }>()

  constructor(private readonly deps: ClusterDeps) {}

  /** Nodes of a cluster for what EC2 just told, the master first, then by alias. */
  adopt(tag: string, record: () => LoginSettings, instances: readonly Instance[]): Node[] {
    return instances
      .map((instance) => this.node(tag, record, instance))
      .sort((a, b) => compareAliases(a.alias, b.alias))
  }

  /** The file that opens a cluster's nodes, whatever the config says of its key. */
  useKeyFile(tag: string, file: string): void {
    this.keyFiles.set(tag, file)
  }

  /** What `useKeyFile` said. */
  keyFileOf(tag: string): string | undefined {
    return this.keyFiles.get(tag)
  }

  /** Host keys pinned for a cluster. */
  pinsOf(tag: string): HostKeyPins {
    let pins = this.pins.get(tag)
    if (!pins) this.pins.set(tag, (pins = new HostKeyPins(this.deps, tag)))
    return pins
  }

  /** Lets go of a cluster that is gone. */
  forget(tag: string, ids: readonly string[]): void {
    this.forgetNodes(ids)
    this.pins.delete(tag)
    this.proxies.get(tag)?.close()
    this.proxies.delete(tag)
  }

  /** Lets go of nodes that are gone. */
  forgetNodes(ids: readonly string[]): void {
    for (const id of ids) {
      this.nodes.get(id)?.close()
      this.nodes.delete(id)
    }
  }

  /** Looks whether nodes with this login can be reached at all, where that is through a jump host. @throws JumpHostUnusable */
  async probeJumpHost(tag: string, login: LoginSettings, signal?: AbortSignal): Promise<void> {
    await this.proxyOf(tag, login)?.probe(signal)
  }

  close(): void {
    for (const node of this.nodes.values()) node.close()
    this.nodes.clear()
    for (const proxy of this.proxies.values()) proxy.close()
    this.proxies.clear()
  }

  /** Asked once for all nodes of a cluster that do not answer at the same time. */
  private addressHintOf(tag: string): Promise<string | undefined> {
    const known = this.hints.get(tag)
    if (known && performance.now() - known.at < hintsLastMs) return known.hint
    const hint = addressHint(this.deps, tag)
    this.hints.set(tag, { hint, at: performance.now() })
    return hint
  }

  /** One connection to the jump host of a cluster for all of its nodes. */
  private proxyOf(tag: string, login: LoginSettings): SshProxy | undefined {
    const { sshProxy } = login
    if (sshProxy === undefined) return undefined
    const key = this.keyOf(tag, login)
    const known = this.proxies.get(tag)
    if (known?.isFor(sshProxy, key)) return known
    known?.close() // the config has changed since
    const proxy = new SshProxy(this.deps, key, sshProxy)
    this.proxies.set(tag, proxy)
    return proxy
  }

  private keyOf(tag: string, { keyname }: LoginSettings): ClusterKey {
    return clusterKey(this.deps, keyname, this.keyFiles.get(tag))
  }

  private node(tag: string, record: () => LoginSettings, instance: Instance): Node {
    const id = instance.InstanceId ?? ''
    const known = this.nodes.get(id)
    if (known) return known.adopt(instance)
    const { aws, region } = this.deps
    const connection = new NodeConnection({
      key: () => this.keyOf(tag, record()),
      port: region.sshPort,
      jump: () => this.proxyOf(tag, record()),
      pins: this.pinsOf(tag),
      whyUnreachable: () => this.addressHintOf(tag),
      log: this.deps.log,
    })
    const node = new Node(aliasOf(instance), instance, { ec2: aws.ec2, region: region.name, connection })
    this.nodes.set(id, node)
    return node
  }
}

/** Alias of an instance; its id when it carries none of our tags. */
function aliasOf(instance: Instance): string {
  const folded = aliasAt(tagOf(instance, aliasesTagKey), instance.AmiLaunchIndex)
  // The original gave each node a tag of its own.
  return folded ?? tagOf(instance, 'alias') ?? instance.InstanceId ?? ''
}
