import type { Instance } from '@aws-sdk/client-ec2'
import { tagOf } from '../aws/instances.js'
import { aliasAt, compareAliases } from '../node/aliases.js'
import { aliasesTagKey } from '../node/instance-view.js'
import { Node } from '../node/node.js'
import { NodeConnection } from '../node/node-connection.js'
import { clusterKey } from './cluster-key.js'
import type { ClusterDeps } from './deps.js'
import { HostKeyPins } from './host-key-pins.js'

/** The nodes a program has met, by instance id, so that their ssh connections are used again by everything later. */
export class NodePool {
  private readonly nodes = new Map<string, Node>()
  private readonly pins = new Map<string, HostKeyPins>()

  constructor(private readonly deps: ClusterDeps) {}

  /** Nodes of a cluster for what EC2 just told, the master first, then by alias. */
  adopt(tag: string, keyname: () => string, instances: readonly Instance[]): Node[] {
    return instances
      .map((instance) => this.node(tag, keyname, instance))
      .sort((a, b) => compareAliases(a.alias, b.alias))
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
  }

  /** Lets go of nodes that are gone. */
  forgetNodes(ids: readonly string[]): void {
    for (const id of ids) {
      this.nodes.get(id)?.close()
      this.nodes.delete(id)
    }
  }

  close(): void {
    for (const node of this.nodes.values()) node.close()
    this.nodes.clear()
  }

  private node(tag: string, keyname: () => string, instance: Instance): Node {
    const id = instance.InstanceId ?? ''
    const known = this.nodes.get(id)
    if (known) return known.adopt(instance)
    const { aws, region } = this.deps
    const connection = new NodeConnection({
      key: () => clusterKey(this.deps, keyname()),
      port: region.sshPort,
      pins: this.pinsOf(tag),
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
