import { ChangeWatch, type ClusterChanges } from '../changes/cluster-changes.js'
import type { Node } from '../node/node.js'
import { requireText } from '../required.js'
import type { Hook } from '../setup/hook-names.js'
import type { LoadedPlugin } from '../setup/loader.js'
import { PluginError } from '../setup/plugin-errors.js'
import { cancellable } from './cancellable.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest } from './errors.js'
import { findNode } from './find-node.js'
import { DryRun, startFresh } from './fresh-start.js'
import type { NodePool } from './node-pool.js'
import { inOrder, loadPlugins, runHook, runningNodes } from './run-hooks.js'
import { requireDisks } from './snapshots.js'
import { checkTag } from './tag.js'

export interface RunPluginOptions {
  readonly signal?: AbortSignal | undefined
  /** The hook that is called. Default: `run`. Original: `method_name`. */
  readonly hook?: Hook
  /** The node that `onAddNode` and `onRemoveNode` are told of: alias, instance id, address or DNS name. */
  readonly node?: string
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
 * Runs plugins on a running cluster, with the code and the settings as they are now. The cluster may be older than
 * the config: user and shell come from its tags.
 * @returns what changed, when asked for with `diff` or `dryRun`
 * @throws PluginError when a plugin does not have the hook, or the hook needs a node and none is given
 */
export async function runPlugins(
  deps: ClusterDeps,
  pool: NodePool,
  names: readonly string[],
  tag: string,
  { signal, hook = 'run', node, fresh = false, diff = false, dryRun = false, onFailedChanges }: RunPluginOptions = {},
): Promise<ClusterChanges | undefined> {
  const doing = `running plugin${names.length === 1 ? '' : 's'} ${names.join(', ')} on cluster ${tag}`
  return cancellable(
    signal,
    async (progress) => {
      for (const name of names) requireText('the name of a plugin', name)
      checkTag(tag)
      if (fresh || dryRun) requireDisks(deps, tag)
      progress(doing)
      const [plugins, running] = await Promise.allSettled([
        loadPlugins(deps, names),
        findGroup(deps, tag, signal).then(async (group) => {
          const cluster = clusterOf(deps, pool, group)
          return { cluster, nodes: await runningNodes(deps, cluster, signal) }
        }),
      ])
      // A plugin that cannot be built is the news, wherever it was to be run.
      if (plugins.status === 'rejected') throw plugins.reason
      if (running.status === 'rejected') throw running.reason
      const { cluster, nodes } = running.value
      const what = { hook, ...(node === undefined ? {} : { node: findNode(tag, nodes, node) }) }
      for (const plugin of plugins.value) checkHook(plugin, what)
      if (fresh) await startFresh(deps, pool, names.join('-'), tag, signal)
      await using _trial = dryRun ? await DryRun.begin(deps, pool, tag, signal) : undefined
      const watch = diff || dryRun ? await ChangeWatch.begin(nodes, signal) : undefined
      try {
        for (const plugin of inOrder(plugins.value, hook)) await runHook(deps, cluster, nodes, plugin, what, signal)
      } catch (error) {
        // Of a run that was interrupted only the way back matters.
        if (watch && onFailedChanges && !signal?.aborted) await tellChanges(deps, watch, onFailedChanges, signal)
        throw error
      }
      return await watch?.compare({ signal }) // before the disks are put back
    },
    (_doing, cause) => new CancelledRequest(doing, cause, 'the same command again runs it from its beginning'),
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

/** Called by hand a hook must be there; in a cluster's life one that is left out is not called. */
function checkHook({ name, instance }: LoadedPlugin, { hook, node }: { hook: Hook; node?: Node }): void {
  if (typeof instance[hook] !== 'function') throw new PluginError(`plugin ${name} has no ${hook}`)
  if (node || (hook !== 'onAddNode' && hook !== 'onRemoveNode')) return
  throw new PluginError(`${hook} of plugin ${name} is about one node, and none is given`, {
    hint: `name it: { hook: '${hook}', node: 'node001' }`,
  })
}
