import { abortable } from '../aws/caller-identity.js'
import { inCalls } from '../aws/instances.js'
import type { Node } from '../node/node.js'
import type { Progress } from './cancellable.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { clusterExists, hasEnded } from './errors.js'
import { masterOf } from './find-node.js'
import { followAccess } from './follow-access.js'
import { endLaunch, isLaunching, launchCluster, notesOf } from './launch.js'
import { launchMore } from './launch-more.js'
import type { LaunchNotes } from './launch-notes.js'
import { beginLifetime, tellNotCounted } from './lifetime.js'
import type { NodePool } from './node-pool.js'
import { endPending, type PendingLaunch, pendingLaunch } from './pending-launch.js'
import { poll } from './poll.js'
import { defaultSetup, loadPlugins, loadPluginsLeniently, runHooks } from './run-hooks.js'
import type { StartOptions } from './start-options.js'
import { mayLack, planAgain } from './start-plan.js'
import { validatePlan } from './validate.js'
import { attachVolumes, checkOwners } from './volumes.js'
import { waitForNodes } from './wait-for-cluster.js'

/** Starts the stopped nodes of a cluster and sets it up again; also finishes a start that was interrupted. */
export async function resumeCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: StartOptions,
  progress: Progress,
): Promise<Cluster> {
  const { signal } = options
  progress('looking for its nodes')
  const group = await findGroup(deps, tag, signal)
  const cluster = clusterOf(deps, pool, group)
  const nodes = await cluster.getNodes({ signal })
  if (nodes.length === 0 && !isLaunching(group) && hasEnded(cluster.ends)) throw clusterExists(tag, [], cluster.ends)
  const unfinished = nodes.length === 0 || isLaunching(group)
  // Nodes are launched only when all that is to be made of them can be; those that are there were set up once.
  const plugins = unfinished
    ? await loadPlugins(deps, cluster.plugins)
    : await loadPluginsLeniently(deps, cluster.plugins, 'missing')
  if (!options.validateOnly) await followAccess(deps, group, cluster.record, signal)
  await pool.probeJumpHost(tag, cluster.record, signal)
  const master = nodes.find((node) => node.isMaster())
  if (master) await checkOwners(deps, cluster.volumes, master, signal)
  const pending = unfinished ? undefined : pendingLaunch(group)
  const launched = unfinished
    ? await launchMissing(deps, cluster, nodes, notesOf(group), options, progress)
    : await launchPending(deps, cluster, nodes, pending, options, progress)
  if (nodes.length > 0 || !launched) {
    await cluster.getNodesOrThrow({ signal })
    await cluster.getMaster({ signal })
    if (options.validateOnly) return cluster
    progress('starting its nodes')
    await startStopped(deps, cluster, signal)
  }
  if (options.createOnly) tellNotCounted(deps, cluster)
  if (options.createOnly || options.validateOnly) return cluster
  progress('waiting for the nodes')
  deps.log.info('Waiting for the nodes to boot and to answer on ssh...')
  const present = nodes.filter(({ state }) => state !== 'shutting-down').map(({ id }) => id)
  const ids = [...new Set([...present, ...(launched ?? [])])]
  const imageUser = options.overrides?.imageUser
  const up = await waitForNodes(deps, pool, cluster, ids, { fresh: nodes.length === 0, imageUser, signal })
  await beginLifetime(deps, cluster, up, signal)
  progress('attaching the volumes')
  await attachVolumes(deps, cluster.volumes, masterOf(tag, up), signal)
  progress('configuring the nodes')
  deps.log.info(`The master is ${up[0]?.dnsName}`)
  await runHooks(deps, cluster, up, [defaultSetup(), ...plugins], 'run', signal)
  if (pending) await endPending(deps, cluster.groupId, signal)
  return cluster
}

/**
 * Launches what is missing of a start that was interrupted before it had launched all, as it wrote that down. Should it
 * have launched more than EC2 lists yet, EC2 knows the requests by their tokens and launches no second ones.
 *
 * @param nodes those there are
 * @returns ids of the nodes it launched; undefined when too little is known of that start
 */
async function launchMissing(
  deps: ClusterDeps,
  cluster: Cluster,
  nodes: readonly Node[],
  notes: LaunchNotes,
  { overrides, validateOnly, signal }: StartOptions,
  progress: Progress,
): Promise<readonly string[] | undefined> {
  const again = planAgain(deps, cluster.tag, cluster.record, overrides?.keyLocation)
  if (!again) return undefined
  const present = new Set(nodes.map(({ alias }) => alias))
  // Where its nodes are, not where it was asked for: a zone without capacity was left for another.
  const zone = nodes[0]?.placement || again.record.zone
  const groups = again.groups.filter(({ aliases }) => !aliases.some((alias) => present.has(alias)))
  if (groups.length === 0) {
    if (!validateOnly) await endLaunch(deps, cluster.groupId, signal)
    return []
  }
  const missing = groups.reduce((sum, { aliases }) => sum + aliases.length, 0)
  const plan = {
    ...again,
    groups,
    notes,
    marks: cluster.marks,
    mayLack: mayLack(again.record, nodes.length + missing),
    record: { ...again.record, ...(zone ? { zone } : {}) },
  }
  if (!validateOnly) await deps.region.prepareLaunch?.(signal)
  const checked = await validatePlan(deps, plan, { joins: nodes.length > 0, signal })
  if (validateOnly) return []
  await checked.keyPair.carryOut()
  progress('launching the nodes')
  deps.log.info(`An earlier start was interrupted: launching ${missing} ${missing === 1 ? 'node' : 'nodes'}...`)
  const instances = await launchCluster(deps, checked, cluster.groupId, signal)
  return instances.map(({ InstanceId }) => InstanceId ?? '')
}

/** Launches nodes that were to join the cluster, or to take the place of others, when an interruption kept them from it. */
async function launchPending(
  deps: ClusterDeps,
  cluster: Cluster,
  nodes: readonly Node[],
  pending: PendingLaunch | undefined,
  { validateOnly, overrides, signal }: StartOptions,
  progress: Progress,
): Promise<readonly string[]> {
  if (!pending || pending.launched || validateOnly) return []
  const living = nodes.filter(({ state }) => state !== 'shutting-down').map(({ alias }) => alias)
  if (pending.aliases.every((alias) => living.includes(alias))) return []
  progress('launching the nodes')
  deps.log.info('An earlier command was interrupted before it had launched all nodes')
  return launchMore(deps, cluster, pending, {
    zone: nodes[0]?.placement,
    keyLocation: overrides?.keyLocation,
    signal,
  })
}

/** One request for a thousand; nodes that are just stopping are waited for, EC2 refuses to start them. */
async function startStopped(deps: ClusterDeps, cluster: Cluster, signal?: AbortSignal): Promise<void> {
  const settled = async (s: AbortSignal) => {
    const nodes = await cluster.getNodes({ signal: s })
    return nodes.some(({ state }) => state === 'stopping') ? undefined : nodes
  }
  const nodes = await poll(`the nodes of cluster ${cluster.tag} to stop`, settled, {
    timeoutMs: 10 * 60_000,
    slowestMs: 5000,
    signal,
  })
  const stopped = nodes.filter((node) => node.isStopped())
  if (stopped.length === 0) return
  deps.log.info(`Starting ${stopped.length} stopped ${stopped.length === 1 ? 'node' : 'nodes'}...`)
  const ids = stopped.map(({ id }) => id)
  await inCalls(ids, (InstanceIds) => deps.aws.ec2.startInstances({ InstanceIds }, abortable(signal)))
}
