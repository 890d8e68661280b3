import { cancellable } from './cancellable.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest } from './errors.js'
import type { NodePool } from './node-pool.js'
import { loadPlugins, runHooks, runningNodes } from './run-hooks.js'

export interface RunPluginOptions {
  readonly signal?: AbortSignal
}

/**
 * Runs one plugin on a running cluster, with the code and the settings as they are now. The cluster may be older than
 * the config: user and shell come from its tags.
 */
export async function runPlugin(
  deps: ClusterDeps,
  pool: NodePool,
  name: string,
  tag: string,
  { signal }: RunPluginOptions = {},
): Promise<void> {
  await cancellable(
    signal,
    async (progress) => {
      progress(`running plugin ${name} on cluster ${tag}`)
      const [plugins, running] = await Promise.allSettled([
        loadPlugins(deps, [name]),
        findGroup(deps, tag, signal).then(async (group) => {
          const cluster = clusterOf(deps, pool, group)
          return { cluster, nodes: await runningNodes(deps, cluster, signal) }
        }),
      ])
      // A plugin that cannot be built is the news, wherever it was to be run.
      if (plugins.status === 'rejected') throw plugins.reason
      if (running.status === 'rejected') throw running.reason
      await runHooks(deps, running.value.cluster, running.value.nodes, plugins.value, 'run', signal)
    },
    (_doing, cause) =>
      new CancelledRequest(
        `running plugin ${name} on cluster ${tag}`,
        cause,
        'the same command again runs it from its beginning',
      ),
  )
}
