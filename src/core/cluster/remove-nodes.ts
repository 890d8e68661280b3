import { InvalidOperation } from '../node/errors.js'
import type { Node } from '../node/node.js'
import { DefaultClusterSetup } from '../setup/default-cluster-setup.js'
import { foldNodeNames } from '../ssh/fold.js'
import { cancellable } from './cancellable.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest, ClusterProtected, ClusterValidationError, HooksFailed } from './errors.js'
import { findNode } from './find-node.js'
import { forgetCluster, keepNodes } from './keep-nodes.js'
import type { NodePool } from './node-pool.js'
import { endPending, pendingLaunch } from './pending-launch.js'
import { loadPluginsLeniently, runHook, withContext } from './run-hooks.js'
import { terminateNodes } from './terminate.js'

export interface RemoveNodesOptions {
  /** How many, from the last: when no aliases are given. Default 1. */
  readonly count?: number | undefined
  readonly aliases?: readonly string[] | undefined
  /** They go on running, outside of the cluster. */
  readonly keepInstances?: boolean | undefined
  /** Go on when plugins fail. */
  readonly force?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** The nodes `removeNodes` would remove. @throws InvalidOperation for the master, ClusterValidationError for too many */
export async function nodesToRemove(cluster: Cluster, { aliases, count, signal }: RemoveNodesOptions): Promise<Node[]> {
  if (cluster.isProtected) throw new ClusterProtected(cluster.tag)
  const nodes = await cluster.getNodesOrThrow({ signal })
  if (aliases && aliases.length > 0) {
    const chosen = [...new Set(aliases.map((alias) => findNode(cluster.tag, nodes, alias)))]
    const master = chosen.find((node) => node.isMaster())
    if (!master) return chosen
    throw new InvalidOperation(`${master.alias} is the master of cluster ${cluster.tag} and cannot be removed`, {
      hint: `"starcluster terminate ${cluster.tag}" ends the whole cluster`,
    })
  }
  const workers = nodes.filter((node) => !node.isMaster())
  const wanted = count ?? 1
  if (!Number.isInteger(wanted) || wanted < 1) {
    throw new ClusterValidationError(
      `the number of nodes to remove must be a whole number of at least 1, not ${wanted}`,
    )
  }
  if (wanted > workers.length) {
    const has =
      workers.length === 0 ? 'no worker' : `only ${workers.length} ${workers.length === 1 ? 'worker' : 'workers'}`
    throw new ClusterValidationError(`cluster ${cluster.tag} has ${has}, ${wanted} cannot be removed`)
  }
  return workers.slice(-wanted)
}

/**
 * Removes workers of a cluster: `onRemoveNode` of each plugin in reverse order, then the others forget them, then they
 * are terminated, or let go. Nodes that do not run, or do not answer, can be removed too.
 * @throws HooksFailed before anything is terminated, unless `force`
 */
export async function removeNodes(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: RemoveNodesOptions = {},
): Promise<void> {
  const { signal } = options
  await cancellable(
    signal,
    async (progress) => {
      progress(`looking for cluster ${tag}`)
      const group = await findGroup(deps, tag, signal)
      const cluster = clusterOf(deps, pool, group)
      const removed = await nodesToRemove(cluster, options)
      progress(`removing ${foldNodeNames(removed.map(({ alias }) => alias))}`)
      await tellOthers(deps, cluster, removed, options)
      // Nodes that were being added when their command was interrupted: it is not to be gone on with.
      if (pendingLaunch(group)?.aliases.some((alias) => removed.some((node) => node.alias === alias))) {
        await endPending(deps, cluster.groupId, signal)
      }
      if (options.keepInstances) await forgetCluster(deps, cluster, removed, signal)
      // First, so that nothing of them is left here once they cannot be found any more.
      await pool.pinsOf(tag).forget(removed.map(({ id }) => id))
      if (options.keepInstances) await keepNodes(deps, cluster, group.vpcId, removed, signal)
      else await terminateNodes(deps, cluster, removed, signal)
      pool.forgetNodes(removed.map(({ id }) => id))
    },
    (doing, cause) => new CancelledRequest(`removing nodes of cluster ${tag} (${doing})`, cause),
  )
}

async function tellOthers(
  deps: ClusterDeps,
  cluster: Cluster,
  removed: readonly Node[],
  { force = false, signal }: RemoveNodesOptions,
): Promise<void> {
  const nodes = await cluster.getRunningNodes({ signal })
  if (!nodes.some((node) => node.isMaster())) {
    deps.log.warn(`the master of cluster ${cluster.tag} does not run: plugins are not told`)
    return
  }
  const failures: unknown[] = []
  const attempt = async (act: () => Promise<void>) => {
    try {
      await act()
    } catch (error) {
      if (signal?.aborted) throw error
      failures.push(error)
    }
  }
  const loaded = await loadPluginsLeniently(deps, cluster.plugins, force ? 'broken' : 'missing')
  const plugins = loaded.filter(({ instance }) => instance.onRemoveNode)
  for (const plugin of plugins.toReversed()) {
    for (const node of removed) {
      await attempt(() => runHook(deps, cluster, nodes, plugin, { hook: 'onRemoveNode', node }, signal))
    }
  }
  const stop = () => {
    if (failures.length === 0 || force) return
    const again = `starcluster removenode --force ${cluster.tag} ${removed.map(({ alias }) => alias).join(' ')}`
    throw new HooksFailed('nothing is terminated yet: plugins failed', failures, `"${again}" goes on all the same`)
  }
  stop()
  await attempt(() =>
    withContext(deps, cluster, nodes, signal, ({ master, user, userShell, volumes, context }) =>
      new DefaultClusterSetup().removeNodes([...removed], [...nodes], master, user, userShell, volumes, context),
    ),
  )
  stop()
  for (const error of failures) deps.log.warn(`ignored: ${error instanceof Error ? error.message : String(error)}`)
}
