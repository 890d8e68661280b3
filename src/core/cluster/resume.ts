import { abortable } from '../aws/caller-identity.js'
import { authorize, groupRules } from '../aws/security-groups.js'
import type { Progress } from './cancellable.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { launchNodes } from './launch.js'
import type { NodePool } from './node-pool.js'
import { poll } from './poll.js'
import { defaultSetup, loadPlugins, runHooks } from './run-hooks.js'
import { sshSource } from './ssh-source.js'
import type { StartOptions } from './start-options.js'
import { planAgain } from './start-plan.js'
import { validatePlan } from './validate.js'
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
  const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
  const plugins = await loadPlugins(deps, cluster.plugins)
  const nodes = await cluster.getNodes({ signal })
  const launched = nodes.length === 0 && (await launchMissing(deps, cluster, options, progress))
  if (!launched) {
    await cluster.getNodesOrThrow({ signal })
    await cluster.getMaster({ signal })
    if (options.validateOnly) return cluster
    progress('starting its nodes')
    await startStopped(deps, cluster, signal)
  }
  if (options.createOnly || options.validateOnly) return cluster
  progress('waiting for the nodes')
  deps.log.info('Waiting for the nodes to boot and to answer on ssh...')
  const ids = launched || nodes.filter(({ state }) => state !== 'shutting-down').map(({ id }) => id)
  const up = await waitForNodes(deps, pool, cluster, ids, { fresh: launched !== false, signal })
  progress('configuring the nodes')
  deps.log.info(`The master is ${up[0]?.dnsName}`)
  await runHooks(deps, cluster, up, [defaultSetup(), ...plugins], 'run', signal)
  return cluster
}

/**
 * Launches the nodes of a start that was interrupted between its group and its launch, as it wrote them down. Should it
 * have launched them all the same, EC2 knows the requests by their tokens and launches no second ones.
 *
 * @returns ids of the nodes; false when too little is known of that start
 */
async function launchMissing(
  deps: ClusterDeps,
  cluster: Cluster,
  { overrides, validateOnly, signal }: StartOptions,
  progress: Progress,
): Promise<readonly string[] | false> {
  const plan = planAgain(deps, cluster.tag, cluster.record, overrides?.keyLocation)
  if (!plan) return false
  if (!validateOnly) await deps.region.prepareLaunch?.(signal)
  const checked = await validatePlan(deps, plan, { changeNothing: validateOnly === true, signal })
  if (validateOnly) return []
  progress('launching the nodes')
  const { size, launch } = cluster.record
  deps.log.info(`An earlier start launched nothing: launching its ${size} ${size === 1 ? 'node' : 'nodes'}...`)
  const { permissions } = plan
  const sshCidr = await sshSource(deps, { sshCidr: launch?.sshCidr, permissions }, signal)
  const rules = groupRules(cluster.groupId, { sshCidr, permissions })
  // One by one: EC2 refuses all of a request when one rule exists already.
  for (const rule of rules) await authorize(deps.aws.ec2, cluster.groupId, [rule], signal)
  const instances = await launchNodes(deps, checked, cluster.groupId, signal)
  return instances.map(({ InstanceId }) => InstanceId ?? '')
}

/** One request for all; nodes that are just stopping are waited for, EC2 refuses to start them. */
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
  await deps.aws.ec2.startInstances({ InstanceIds: stopped.map(({ id }) => id) }, abortable(signal))
}
