import type { Node } from '../node/node.js'
import { foldNodeNames } from '../ssh/fold.js'
import type { Cluster } from './cluster.js'

/** What ending a cluster deletes, and what it leaves. */
export interface TerminatePlan {
  readonly tag: string
  /** Then it is refused. */
  readonly isProtected: boolean
  readonly nodes: readonly Node[]
  /** Ids of the volumes that go with their nodes: root volumes, and others that were launched so. */
  readonly deleted: readonly string[]
  /** Volumes that stay, each with the node that has it now. */
  readonly kept: readonly { readonly volumeId: string; readonly alias: string }[]
}

/** Asks EC2 for the nodes once; changes nothing. */
export async function planTermination(cluster: Cluster, signal?: AbortSignal): Promise<TerminatePlan> {
  const nodes = await cluster.getNodes({ signal })
  const volumes = nodes.flatMap(({ alias, instance }) =>
    (instance.BlockDeviceMappings ?? []).map(({ Ebs }) => ({
      alias,
      volumeId: Ebs?.VolumeId ?? '',
      goes: Ebs?.DeleteOnTermination === true,
    })),
  )
  return {
    tag: cluster.tag,
    isProtected: cluster.isProtected,
    nodes,
    deleted: volumes.filter(({ goes }) => goes).map(({ volumeId }) => volumeId),
    kept: volumes.filter(({ goes }) => !goes).map(({ volumeId, alias }) => ({ volumeId, alias })),
  }
}

/** The plan as people read it, a line each. */
export function describeTermination({ tag, isProtected, nodes, deleted, kept }: TerminatePlan): string {
  const some = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
  const names = foldNodeNames(nodes.map(({ alias }) => alias))
  return [
    `Cluster ${tag}:`,
    ...(isProtected ? [`  protected: refused until "starcluster protect --off ${tag}"; then`] : []),
    `  deleted: ${some(nodes.length, 'node')}${nodes.length === 0 ? '' : ` (${names})`} with ${some(deleted.length, 'disk')}, security group @sc-${tag}`,
    ...kept.map(({ volumeId, alias }) => `  kept:    volume ${volumeId}, attached to ${alias}`),
  ].join('\n')
}
