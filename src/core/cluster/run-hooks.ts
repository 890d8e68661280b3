import { setMaxListeners } from 'node:events'
import { PluginNotFound } from '../config/errors.js'
import type { StarClusterConfig } from '../config/types.js'
import { isStarClusterError } from '../errors.js'
import type { Node } from '../node/node.js'
import { withSignal } from '../node/run-signal.js'
import type { SetupContext, Volumes } from '../setup/cluster-setup.js'
import { DefaultClusterSetup } from '../setup/default-cluster-setup.js'
import type { PluginSection } from '../setup/find-plugin.js'
import type { Hook } from '../setup/hook-names.js'
import type { LoadedPlugin } from '../setup/loader.js'
import { runPlugins } from '../setup/runner.js'
import { onEach } from '../ssh/fan-out.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { ClusterNotRunning } from './errors.js'
import { masterOf } from './find-node.js'
import { volumesByName } from './volumes.js'

/** The set-up that comes first in every chain. */
export function defaultSetup(): LoadedPlugin {
  const name = 'starcluster.clustersetup.DefaultClusterSetup'
  return { name, setupClass: name, instance: new DefaultClusterSetup(), files: [] }
}

/** The plugins of a cluster by the names it was started with, with the settings the config has now. */
export async function loadPlugins(
  deps: Pick<ClusterDeps, 'config' | 'plugins'>,
  names: readonly string[],
): Promise<LoadedPlugin[]> {
  const config = deps.config()
  const loaded: LoadedPlugin[] = []
  // One after the other: they share the builder, and the first mistake is the one to mend.
  for (const name of names) loaded.push(await deps.plugins.load(sectionOf(config, name)))
  return loaded
}

/** The plugin's section, or for `module.Class` without a section that class without settings. */
function sectionOf(config: StarClusterConfig, name: string): PluginSection {
  try {
    return config.plugin(name)
  } catch (error) {
    if (error instanceof PluginNotFound && /^[\w.]+\.\w+$/.test(name))
      return { name, setupClass: name, settings: new Map() }
    throw error
  }
}

/** Which plugins an act does without: those that this computer's config lacks, or those that do not build either. */
export type Dispensable = 'missing' | 'broken'

/** Like `loadPlugins` for what must not depend on them; each that is left out is named with the reason. */
export async function loadPluginsLeniently(
  deps: Pick<ClusterDeps, 'config' | 'plugins' | 'log'>,
  names: readonly string[],
  dispensable: Dispensable = 'broken',
): Promise<LoadedPlugin[]> {
  const loaded: LoadedPlugin[] = []
  for (const name of names) {
    try {
      loaded.push(...(await loadPlugins(deps, [name])))
    } catch (error) {
      if (error instanceof PluginNotFound) {
        deps.log.warn(`plugin ${name} is not in the config of this computer: its hooks are left out`)
      } else if (dispensable === 'broken' && isStarClusterError(error)) {
        deps.log.warn(`plugin ${name} cannot be loaded, its hooks are left out: ${error.message}`)
      } else throw error
    }
  }
  return loaded
}

/** Runs one hook of each plugin on the running nodes of a cluster; remote commands end with `signal`. */
export async function runHooks(
  deps: Pick<ClusterDeps, 'log'>,
  cluster: Cluster,
  nodes: readonly Node[],
  plugins: readonly LoadedPlugin[],
  hook: Hook,
  signal?: AbortSignal,
): Promise<void> {
  for (const plugin of inOrder(plugins, hook)) {
    await runHook(deps, cluster, nodes, plugin, { hook }, signal)
  }
}

/** Runs one hook of one plugin. */
export async function runHook(
  deps: Pick<ClusterDeps, 'log'>,
  cluster: Cluster,
  nodes: readonly Node[],
  plugin: LoadedPlugin,
  what: { readonly hook: Hook; readonly node?: Node },
  signal?: AbortSignal,
): Promise<void> {
  await withContext(deps, cluster, nodes, signal, async (given) => {
    await beRoot(nodes)
    await runPlugins({ plugins: [plugin], nodes: [...nodes], ...what, ...given })
  })
}

/** What hooks of a cluster's plugins are given besides its nodes. */
interface HookArguments {
  readonly master: Node
  readonly user: string
  readonly userShell: string
  readonly volumes: Volumes
  readonly context: SetupContext
}

/** Calls with what hooks are given; remote commands inside end with `signal`. */
export async function withContext(
  deps: Pick<ClusterDeps, 'log'>,
  cluster: Cluster,
  nodes: readonly Node[],
  outer: AbortSignal | undefined,
  task: (given: HookArguments) => Promise<void>,
): Promise<void> {
  const signal = outer ?? new AbortController().signal
  setMaxListeners(0, signal) // one a node
  const context: SetupContext = {
    cluster,
    signal,
    log: deps.log,
    onEach: (some, each, options) => onEach(some, each, { ...options, signal }),
  }
  const { clusterUser: user, clusterShell: userShell } = cluster
  const volumes = volumesByName(cluster.volumes)
  const master = masterOf(cluster.tag, nodes)
  await withSignal(signal, () => task({ master, user, userShell, volumes, context }))
}

/** What was set up last is torn down first. */
export function inOrder(plugins: readonly LoadedPlugin[], hook: Hook): readonly LoadedPlugin[] {
  const tearsDown = hook === 'onRemoveNode' || hook === 'onRestart' || hook === 'onShutdown'
  return tearsDown ? plugins.toReversed() : plugins
}

/** A plugin that left a connection switched to another user must not take root away from the next one. */
async function beRoot(nodes: readonly Node[]): Promise<void> {
  const switched = nodes.filter((node) => node.ssh.getCurrentUser() !== 'root')
  await onEach(switched, (node) => node.ssh.switchUser('root'))
}

/** Nodes that run, for hooks. @throws ClusterNotRunning, MasterDoesNotExist */
export async function runningNodes(
  deps: Pick<ClusterDeps, 'log'>,
  cluster: Cluster,
  signal?: AbortSignal,
): Promise<Node[]> {
  const nodes = await cluster.getNodesOrThrow({ signal })
  const running = nodes.filter((node) => node.isRunning())
  if (running.length === 0) {
    throw new ClusterNotRunning(
      `cluster ${cluster.tag} is not running (its nodes: ${[...new Set(nodes.map(({ state }) => state))].join(', ')})`,
      {
        hint: `"starcluster start -x ${cluster.tag}" resumes a stopped cluster`,
      },
    )
  }
  const others = nodes.filter((node) => !node.isRunning())
  for (const node of others) deps.log.warn(`${node.alias} is ${node.state}: it is left out`)
  masterOf(cluster.tag, running)
  return running
}
