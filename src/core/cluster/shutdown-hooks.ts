import { isStarClusterError } from '../errors.js'
import type { Node } from '../node/node.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { loadPluginsLeniently, runHooks } from './run-hooks.js'

export interface ShuttingDown {
  readonly command: 'stop' | 'terminate'
  /** Its running nodes; asked for only when there is a hook. Without the master among them none is run. */
  readonly running: () => Node[] | Promise<Node[]>
  /** Go on when a plugin fails. */
  readonly force?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

const undone = { stop: 'stopped', terminate: 'terminated' } as const

/** Runs `onShutdown` of a cluster's plugins before its nodes go. @throws what a plugin throws, unless `force` */
export async function shutdownHooks(
  deps: ClusterDeps,
  cluster: Cluster,
  { command, running, force = false, signal }: ShuttingDown,
): Promise<void> {
  try {
    const plugins = (await loadPluginsLeniently(deps, cluster.plugins)).filter(({ instance }) => instance.onShutdown)
    if (plugins.length === 0) return
    const nodes = await running()
    if (nodes.some((node) => node.isMaster())) await runHooks(deps, cluster, nodes, plugins, 'onShutdown', signal)
  } catch (error) {
    if (signal?.aborted || !isStarClusterError(error)) throw error
    if (!force) {
      deps.log.warn(
        `nothing is ${undone[command]} yet; "starcluster ${command} --force ${cluster.tag}" ignores this error:`,
      )
      throw error
    }
    deps.log.warn(`ignored: ${error.message}`)
  }
}
