import { randomUUID } from 'node:crypto'
import { checkHostname, freeAliases, isMasterAlias } from '../node/aliases.js'
import type { Node } from '../node/node.js'
import { DefaultClusterSetup } from '../setup/default-cluster-setup.js'
import type { LoadedPlugin } from '../setup/loader.js'
import { foldNodeNames } from '../ssh/fold.js'
import { cancellable, type Progress } from './cancellable.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest, ClusterValidationError, HooksFailed, IncompatibleCluster } from './errors.js'
import { followAccess } from './follow-access.js'
import { launchNodes } from './launch.js'
import type { LaunchGroup } from './launch-plan.js'
import type { NodePool } from './node-pool.js'
import { loadPlugins, runHook, runningNodes, withContext } from './run-hooks.js'
import { planAgain, planWorkers } from './start-plan.js'
import { validatePlan } from './validate.js'
import { waitForNodes } from './wait-for-cluster.js'

export interface AddNodesOptions {
  /** How many. Default: as many as aliases are given, else 1. */
  readonly count?: number | undefined
  /** Names of the new nodes. Default: the first free `node001`, `node002`, ... after the last one. */
  readonly aliases?: readonly string[] | undefined
  /** Instead of what the cluster was started with. */
  readonly instanceType?: string | undefined
  readonly imageId?: string | undefined
  /** Default: the master's zone. */
  readonly zone?: string | undefined
  /** False: these nodes exist already; only set them up and tell the others. Needs `aliases`. */
  readonly create?: boolean | undefined
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
      const aliases = chooseAliases(cluster, before, options)
      await followAccess(deps, group, cluster.record, signal)
      const ids =
        options.create === false
          ? before.filter((node) => aliases.includes(node.alias)).map(({ id }) => id)
          : await launchMore(deps, cluster, before, aliases, options, progress)
      progress('waiting for the new nodes')
      deps.log.info('Waiting for the new nodes to boot and to answer on ssh...')
      const added = await waitForNodes(deps, pool, cluster, ids, { fresh: options.create !== false, signal })
      progress('configuring the new nodes')
      await setUp(deps, cluster, await runningNodes(deps, cluster, signal), added, plugins, signal)
      return added
    },
    (doing, cause) =>
      new CancelledRequest(
        `adding nodes to cluster ${tag} (${doing})`,
        cause,
        `what was launched belongs to the cluster: "starcluster listclusters ${tag}" shows it, "starcluster addnode -x -a NODE ${tag}" sets it up, "starcluster removenode ${tag} NODE" removes it`,
      ),
  )
}

/** @throws ClusterValidationError when a name is taken, reserved, given twice, or missing with `create: false` */
function chooseAliases(cluster: Cluster, nodes: readonly Node[], options: AddNodesOptions): string[] {
  const { tag, record } = cluster
  const { count = options.aliases?.length ?? 1, create = true } = options
  const prefix = record.dnsPrefix ? `${tag}-` : ''
  if (!Number.isInteger(count) || count < 1) {
    throw new ClusterValidationError(`the number of nodes to add must be a whole number of at least 1, not ${count}`)
  }
  if (!options.aliases) {
    if (!create) throw new ClusterValidationError('which nodes to set up again must be said', { hint: 'give -a NODE' })
    return freeAliases(
      nodes.map(({ alias }) => alias),
      count,
      prefix,
    )
  }
  const aliases = options.aliases.map((alias) => (alias.startsWith(prefix) ? alias : prefix + alias))
  if (aliases.length !== count) {
    throw new ClusterValidationError(`${count} nodes were asked for, but ${aliases.length} names given`)
  }
  for (const alias of aliases) checkHostname(alias)
  const twice = aliases.find((alias, at) => aliases.indexOf(alias) !== at)
  if (twice !== undefined) throw new ClusterValidationError(`the name ${twice} is given twice`)
  const master = aliases.find(isMasterAlias)
  if (master !== undefined) throw new ClusterValidationError(`the name ${master} is reserved for the master`)
  const taken = new Set(nodes.map((node) => node.alias))
  const bad = aliases.find((alias) => taken.has(alias) === create)
  if (bad !== undefined && create) {
    throw new ClusterValidationError(`cluster ${tag} has a node ${bad} already`, {
      hint: `choose another name; "starcluster addnode -x -a ${bad} ${tag}" sets that one up again`,
    })
  }
  if (bad !== undefined) throw new ClusterValidationError(`cluster ${tag} has no node ${bad} to set up again`)
  return aliases
}

async function launchMore(
  deps: ClusterDeps,
  cluster: Cluster,
  nodes: readonly Node[],
  aliases: readonly string[],
  options: AddNodesOptions,
  progress: Progress,
): Promise<string[]> {
  const { signal } = options
  const { record, tag } = cluster
  const again = planAgain(deps, tag, record, undefined)
  if (!again) throw new IncompatibleCluster(tag, 'it does not say what its nodes were launched with')
  const master = nodes.find((node) => node.isMaster())
  const zone = options.zone ?? master?.placement
  const plan = {
    ...again,
    record: { ...record, ...(zone ? { zone } : {}) },
    groups: overridden(planWorkers(tag, record, aliases), options),
    // Another launch each time: a name may have been another machine's before.
    launchId: randomUUID(),
  }
  await deps.region.prepareLaunch?.(signal)
  const checked = await validatePlan(deps, plan, { keyIsThere: true, joins: true, signal })
  progress('launching the new nodes')
  deps.log.info(`Launching ${foldNodeNames(aliases)}...`)
  try {
    const instances = await launchNodes(deps, checked, cluster.groupId, signal)
    return instances.map(({ InstanceId }) => InstanceId ?? '')
  } catch (error) {
    if (!signal?.aborted) await tellLaunched(deps, cluster, aliases)
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

function overridden(groups: readonly LaunchGroup[], { instanceType, imageId }: AddNodesOptions): LaunchGroup[] {
  const merged = new Map<string, LaunchGroup>()
  for (const group of groups) {
    const one = { ...group, instanceType: instanceType ?? group.instanceType, imageId: imageId ?? group.imageId }
    const key = `${one.instanceType} ${one.imageId}`
    merged.set(key, { ...one, aliases: [...(merged.get(key)?.aliases ?? []), ...group.aliases] })
  }
  return [...merged.values()]
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
