import { type Cluster, InstanceDoesNotExist, type Node, nearest, type StarCluster } from '../index.js'

/** What a word at the prompt names: a cluster, or one of its nodes. */
export type Machine = { readonly cluster: Cluster; readonly node?: Node }

/**
 * `CLUSTER`, `CLUSTER:NODE`, or a node's name alone when only one cluster has it.
 * @throws InstanceDoesNotExist naming the nearest, or the clusters that all have such a node
 */
export async function findMachine({ cm }: StarCluster, target: string): Promise<Machine> {
  const [tag = '', alias] = target.split(':', 2)
  if (alias !== undefined) {
    const cluster = await cm.getCluster(tag)
    return { cluster, node: await cluster.getNode(alias) }
  }
  const clusters = await cm.getClusters()
  const named = clusters.find((cluster) => cluster.tag === target)
  if (named) return { cluster: named }
  const all = await Promise.all(
    clusters.map(async (cluster) => (await cluster.getNodes()).map((node) => ({ cluster, node }))),
  )
  const found = all.flat().filter(({ node }) => node.alias === target || node.id === target)
  if (found.length === 1) return found[0]!
  if (found.length > 1) {
    throw new InstanceDoesNotExist(`${target} is a node of ${found.length} clusters`, {
      hint: `say which: ${found.map(({ cluster }) => `${cluster.tag}:${target}`).join(', ')}`,
    })
  }
  const names = [...clusters.map((cluster) => cluster.tag), ...all.flat().map(({ node }) => node.alias)]
  const close = nearest(target, names)
  throw new InstanceDoesNotExist(
    `there is no cluster and no node ${target}${close ? ` (did you mean ${close}?)` : ''}`,
    {
      hint: 'starcluster listclusters, or cm.listClusters() here, shows what there is',
    },
  )
}
