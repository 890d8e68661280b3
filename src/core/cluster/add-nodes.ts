import type { Node } from '../node/node.js'
import { DefaultClusterSetup } from '../setup/default-cluster-setup.js'
import type { LoadedPlugin } from '../setup/loader.js'
import { foldNodeNames } from '../ssh/fold.js'
import { cancellable, type Progress } from './cancellable.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { type ClusterGroup, clusterOf, findGroup } from './discover.js'
import { AddedElsewhere, CancelledRequest, HooksFailed, NoClusterNodesFound } from './errors.js'
import { masterOf } from './find-node.js'
import { followAccess } from './follow-access.js'
import { launchMore } from './launch-more.js'
import { keepLifetime } from './lifetime.js'
import { chooseAliases, type NodesWish } from './new-aliases.js'
import type { NodePool } from './node-pool.js'
import { endPending, newLaunch, type PendingLaunch, pendingLaunch } from './pending-launch.js'
import { loadPlugins, runHook, runningNodes, withContext } from './run-hooks.js'
import { waitForNodes } from './wait-for-cluster.js'
import { waitForNewNodes } from './wait-for-new-nodes.js'

export interface AddNodesOptions extends NodesWish {
  readonly signal?: AbortSignal | undefined
}

/**
 * Adds nodes to a running cluster: one launch for each kind, one set-up for all of them, then `onAddNode` of each plugin,
 * node by node. A node whose hook fails stays and spoils nothing for the others.
 * @returns the new nodes
 * @throws ClusterValidationError before anything is launched; HooksFailed naming nodes and plugins, and how to go on
 */
export async function addNodes(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: AddNodesOptions = {},
): Promise<Node[]> {
  const { signal } = options
  return cancellable(
    signal,
    async (progress) => {
      progress(`looking for cluster ${tag}`)
      const group = await findGroup(deps, tag, signal)
      const cluster = clusterOf(deps, pool, group)
      const plugins = await loadPlugins(deps, cluster.plugins)
      const before = await cluster.getNodesOrThrow({ signal })
      await runningNodes(deps, cluster, signal)
      const pending = pendingLaunch(group)
      const aliases = chooseAliases(cluster, before, options, pending)
      if (pending) tellPending(deps, tag, pending, aliases)
      await followAccess(deps, group, cluster.record, signal)
      await pool.probeJumpHost(tag, cluster.record, signal)
      const join = options.create === false ? undefined : joining(cluster, aliases, options, pending)
      const there = before.filter(({ alias, state }) => aliases.includes(alias) && !(join && state === 'shutting-down'))
      const missing = join && stillToLaunch(cluster, join, there)
      const launched = missing
        ? await launch(deps, pool, cluster, { before, group, pending: missing, progress, signal })
        : []
      const ids = [...(join && missing === join ? [] : there.map(({ id }) => id)), ...launched]
      // -x of other nodes than those that were being added leaves these as they are.
      const concerned = options.create !== false || pending?.aliases.every((alias) => aliases.includes(alias))
      const end = () => (concerned ? endPending(deps, cluster.groupId, signal) : undefined)
      try {
        const added = await becomePart(deps, pool, cluster, ids, { ...options, before, join, plugins, progress })
        await end()
        return added
      } catch (error) {
        // They are told what to do about; the same command again would be no help.
        if (error instanceof HooksFailed || error instanceof NoClusterNodesFound) await end()
        throw error
      }
    },
    (doing, cause) =>
      new CancelledRequest(
        `adding nodes to cluster ${tag} (${doing})`,
        cause,
        `the same command again, or "starcluster start -x ${tag}", goes on with what was launched; "starcluster removenode ${tag} NODE" removes it`,
      ),
  )
}

interface Joining extends Pick<AddNodesOptions, 'imageUser' | 'signal'> {
  /** Nodes there were when the command began. */
  readonly before: readonly Node[]
  /** The launch they come from; undefined: they are nodes of old. */
  readonly join: PendingLaunch | undefined
  readonly plugins: readonly LoadedPlugin[]
  readonly progress: Progress
}

/** Waits for the nodes and sets them up. @returns those that answer */
async function becomePart(
  deps: ClusterDeps,
  pool: NodePool,
  cluster: Cluster,
  ids: readonly string[],
  { before, join, plugins, progress, imageUser, signal }: Joining,
): Promise<Node[]> {
  progress('waiting for the new nodes')
  deps.log.info('Waiting for the new nodes to boot and to answer on ssh...')
  const others = before.filter(({ id, state }) => state === 'running' && !ids.includes(id))
  // Only who launched a node may find it too slow: those that an earlier command launched may be in use.
  const areNew = !before.some(({ id }) => ids.includes(id))
  const added =
    join && areNew
      ? await waitForNewNodes(deps, pool, cluster, ids, { others, pending: join, imageUser, signal })
      : await waitForNodes(deps, pool, cluster, ids, { fresh: join !== undefined, imageUser, signal })
  await keepLifetime(deps, cluster, added, signal)
  progress('configuring the new nodes')
  const leftForLater = new Set(ids.filter((id) => !added.some((node) => node.id === id)))
  const nodes = (await runningNodes(deps, cluster, signal)).filter(({ id }) => !leftForLater.has(id))
  await setUp(deps, cluster, nodes, added, plugins, signal)
  return added
}

/** The launch that was interrupted when these are its nodes, else a new one. */
function joining(
  cluster: Cluster,
  aliases: readonly string[],
  options: AddNodesOptions,
  pending: PendingLaunch | undefined,
): PendingLaunch {
  return pending && aliases === pending.aliases ? pending : newLaunch(cluster, aliases, options)
}

/** All of a launch, or, of one that was complete once, what has been terminated since. */
function stillToLaunch(cluster: Cluster, join: PendingLaunch, there: readonly Node[]): PendingLaunch | undefined {
  if (!join.launched) return join
  const lost = join.aliases.filter((alias) => !there.some((node) => node.alias === alias))
  return lost.length === 0 ? undefined : newLaunch(cluster, lost, join)
}

function tellPending({ log }: ClusterDeps, tag: string, pending: PendingLaunch, aliases: readonly string[]): void {
  const names = foldNodeNames(pending.aliases)
  if (pending.aliases.every((alias) => aliases.includes(alias))) {
    log.info(`Going on with ${names}: an earlier addnode was interrupted, or is under way elsewhere`)
  } else {
    log.warn(
      `${names}: an earlier addnode or start was interrupted, or is under way elsewhere; "starcluster start -x ${tag}" finishes it`,
    )
  }
}

interface Launching {
  readonly before: readonly Node[]
  readonly group: ClusterGroup
  readonly pending: PendingLaunch
  readonly progress: Progress
  readonly signal: AbortSignal | undefined
}

async function launch(
  deps: ClusterDeps,
  pool: NodePool,
  cluster: Cluster,
  { before, group, pending, progress, signal }: Launching,
): Promise<string[]> {
  progress('launching the new nodes')
  try {
    const zone = masterOf(cluster.tag, before).placement
    const keyLocation = pool.keyFileOf(cluster.tag)
    return await launchMore(deps, cluster, pending, { zone, keyLocation, chosenIn: group, signal })
  } catch (error) {
    if (!signal?.aborted && !(error instanceof AddedElsewhere)) await tellLaunched(deps, cluster, pending.aliases)
    throw error
  }
}

/** Kinds of nodes are launched one after the other: those before the one that failed run, and cost money. */
async function tellLaunched(deps: ClusterDeps, cluster: Cluster, aliases: readonly string[]): Promise<void> {
  const there = (await cluster.getNodes()).map(({ alias }) => alias).filter((alias) => aliases.includes(alias))
  if (there.length === 0) return
  deps.log.warn(
    `${foldNodeNames(there)} ${there.length === 1 ? 'was' : 'were'} launched before: "starcluster addnode -x -a ${there.join(',')} ${cluster.tag}" sets up what is there, "starcluster removenode -a ${there.join(',')} ${cluster.tag}" removes it`,
  )
}

async function setUp(
  deps: ClusterDeps,
  cluster: Cluster,
  nodes: readonly Node[],
  added: readonly Node[],
  plugins: readonly LoadedPlugin[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await withContext(deps, cluster, nodes, signal, ({ master, user, userShell, volumes, context }) =>
    new DefaultClusterSetup().addNodes([...added], [...nodes], master, user, userShell, volumes, context),
  )
  const failures: unknown[] = []
  const failed = new Set<string>()
  for (const plugin of plugins) {
    if (!plugin.instance.onAddNode) continue
    for (const node of added) {
      try {
        await runHook(deps, cluster, nodes, plugin, { hook: 'onAddNode', node }, signal)
      } catch (error) {
        if (signal?.aborted) throw error
        failures.push(error)
        failed.add(node.alias)
      }
    }
  }
  if (failures.length === 0) return
  const again = `starcluster addnode -x -a ${[...failed].join(',')} ${cluster.tag}`
  throw new HooksFailed(
    `the new nodes run, but ${failures.length === 1 ? 'a plugin' : 'plugins'} failed on ${foldNodeNames(failed)}`,
    failures,
    `mend the plugin, then "${again}" runs it again`,
  )
}
