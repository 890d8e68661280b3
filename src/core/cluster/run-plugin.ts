import { ChangeWatch, type ClusterChanges } from '../changes/cluster-changes.js'
import { cancellable } from './cancellable.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest } from './errors.js'
import { DryRun, startFresh } from './fresh-start.js'
import type { NodePool } from './node-pool.js'
import { loadPlugins, runHooks, runningNodes } from './run-hooks.js'
import { requireDisks } from './snapshots.js'

export interface RunPluginOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * Run on the state before the last fresh run of this plugin: the first one names the state it finds, later ones go back
   * to it. Local cloud only.
   */
  readonly fresh?: boolean
  /** Tell what the run changed on each node. */
  readonly diff?: boolean
  /** Tell what the run changed, then put all disks back. Local cloud only. */
  readonly dryRun?: boolean
  /** With `diff` or `dryRun`: told what a run that failed had changed until then, before the disks are put back. */
  readonly onFailedChanges?: (changes: ClusterChanges) => void
}

/**
 * Runs one plugin on a running cluster, with the code and the settings as they are now. The cluster may be older than
 * the config: user and shell come from its tags.
 * @returns what changed, when asked for with `diff` or `dryRun`
 */
export async function runPlugin(
  deps: ClusterDeps,
  pool: NodePool,
  name: string,
  tag: string,
  { signal, fresh = false, diff = false, dryRun = false, onFailedChanges }: RunPluginOptions = {},
): Promise<ClusterChanges | undefined> {
  return cancellable(
    signal,
    async (progress) => {
      if (fresh || dryRun) requireDisks(deps, tag)
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
      const { cluster, nodes } = running.value
      if (fresh) await startFresh(deps, pool, name, tag, signal)
      await using _trial = dryRun ? await DryRun.begin(deps, pool, tag, signal) : undefined
      const watch = diff || dryRun ? await ChangeWatch.begin(nodes, signal) : undefined
      try {
        await runHooks(deps, cluster, nodes, plugins.value, 'run', signal)
      } catch (error) {
        // Of a run that was interrupted only the way back matters.
        if (watch && onFailedChanges && !signal?.aborted) await tellChanges(deps, watch, onFailedChanges, signal)
        throw error
      }
      return await watch?.compare({ signal }) // before the disks are put back
    },
    (_doing, cause) =>
      new CancelledRequest(
        `running plugin ${name} on cluster ${tag}`,
        cause,
        'the same command again runs it from its beginning',
      ),
  )
}

/** The failure itself is the news: one of the comparison is only a warning. */
async function tellChanges(
  { log }: Pick<ClusterDeps, 'log'>,
  watch: ChangeWatch,
  tell: (changes: ClusterChanges) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    tell(await watch.compare({ signal }))
  } catch (error) {
    log.warn(`what the run changed until it failed is not known: ${(error as Error).message}`)
  }
}
