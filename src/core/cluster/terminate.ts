import type { Instance } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { inCalls } from '../aws/instances.js'
import { deletePlacementGroup, membersOfPlacementGroups } from '../aws/placement-groups.js'
import { deleteSecurityGroup } from '../aws/security-groups.js'
import type { Node } from '../node/node.js'
import { foldNodeNames } from '../ssh/fold.js'
import { cancellable } from './cancellable.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest, ClusterProtected, IncompatibleCluster } from './errors.js'
import type { NodePool } from './node-pool.js'
import { poll } from './poll.js'
import { shutdownHooks } from './shutdown-hooks.js'

export interface TerminateOptions {
  /** Go on when plugins fail or the cluster's settings cannot be read. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

/** Ends all nodes of a cluster, whatever state they are in, and removes every trace of it. */
export async function terminateCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: TerminateOptions = {},
): Promise<void> {
  const { signal } = options
  await cancellable(
    signal,
    async (progress) => {
      progress(`looking for cluster ${tag}`)
      const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
      if (cluster.isProtected) throw new ClusterProtected(tag)
      progress('running the shutdown hooks of its plugins')
      const running = () => runningForHooks(deps, cluster, options.signal)
      await shutdownHooks(deps, cluster, { ...options, command: 'terminate', running })
      progress(`terminating cluster ${tag}`)
      await removeCluster(deps, pool, cluster, signal)
    },
    (doing, cause) => new CancelledRequest(`terminating cluster ${tag} (${doing})`, cause),
  )
}

/** Terminates the nodes, waits until they are gone, and removes the security group and the pinned host keys. */
export async function removeCluster(
  deps: ClusterDeps,
  pool: NodePool,
  cluster: Cluster,
  signal?: AbortSignal,
): Promise<void> {
  const ids = new Set<string>()
  const terminate = async () => {
    const nodes = await cluster.getNodes({ signal })
    for (const { id } of nodes) ids.add(id)
    await terminateNodes(deps, cluster, nodes, signal)
  }
  await terminate()
  if (mayHavePlacementGroup(cluster)) {
    await removePlacementGroup(deps, cluster, terminate, signal)
  }
  // First, so that nothing of the cluster is left here once it cannot be found any more.
  await pool.pinsOf(cluster.tag).remove()
  deps.log.info(`Removing security group: ${cluster.securityGroup}`)
  // Nodes launched a moment ago may not have been listed yet: they show by using the group.
  await deleteSecurityGroup(deps.aws.ec2, cluster.groupId, { signal, inUse: terminate })
  pool.forget(cluster.tag, [...ids])
}

/** Nodes that were taken out of the cluster stay in its placement group, and that with them. */
async function removePlacementGroup(
  { aws, log }: ClusterDeps,
  { securityGroup, groupId, tag }: Cluster,
  terminate: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let strangers: string[] = []
  const inUse = async () => {
    await terminate()
    const members = await membersOfPlacementGroups(aws.ec2, [securityGroup], signal)
    const isOurs = ({ SecurityGroups = [] }: Instance) => SecurityGroups.some(({ GroupId }) => GroupId === groupId)
    strangers = members.filter((one) => !isOurs(one)).map(({ InstanceId }) => InstanceId ?? '')
    return strangers.length === 0
  }
  if (await deletePlacementGroup(aws.ec2, securityGroup, { signal, inUse })) return
  log.warn(
    `placement group ${securityGroup} stays, ${strangers.join(', ')} is in it, which is no part of cluster ${tag}; "starcluster gc" removes it afterwards`,
  )
}

/** A cluster whose settings cannot be read may have one. */
function mayHavePlacementGroup(cluster: Cluster): boolean {
  try {
    return cluster.record.placementGroup === true
  } catch (error) {
    if (error instanceof IncompatibleCluster) return true
    throw error
  }
}

/** Terminates these and waits until they are gone. */
export async function terminateNodes(
  deps: ClusterDeps,
  cluster: Cluster,
  nodes: readonly Node[],
  signal?: AbortSignal,
): Promise<void> {
  if (nodes.length === 0) return
  const ids = nodes.map(({ id }) => id)
  deps.log.info(
    `Terminating ${nodes.length === 1 ? 'node' : `${nodes.length} nodes`}: ${foldNodeNames(nodes.map(({ alias }) => alias))}`,
  )
  for (const { alias, id } of nodes) deps.log.debug(`terminating ${alias} (${id})`)
  try {
    await terminateAll(deps, ids, signal)
  } catch (error) {
    // By other means than ours, or by a protection that was lifted halfway.
    if (isAwsError(error, 'OperationNotPermitted')) throw new ClusterProtected(cluster.tag, error)
    throw error
  }
  await waitUntilGone(cluster, ids, signal)
}

/** @returns the running nodes; tells when the hooks are left out for want of a master */
async function runningForHooks(deps: ClusterDeps, cluster: Cluster, signal?: AbortSignal): Promise<Node[]> {
  const nodes = await cluster.getRunningNodes({ signal })
  if (!nodes.some((node) => node.isMaster()))
    deps.log.warn(`the master of cluster ${cluster.tag} does not run: the shutdown hooks of its plugins are left out`)
  return nodes
}

async function terminateAll(deps: ClusterDeps, ids: readonly string[], signal?: AbortSignal): Promise<void> {
  try {
    await inCalls(ids, (InstanceIds) => deps.aws.ec2.terminateInstances({ InstanceIds }, abortable(signal)))
  } catch (error) {
    // One that is gone by now makes EC2 refuse all: take them one by one.
    if (!isAwsError(error, 'InvalidInstanceID.NotFound') || ids.length === 1) {
      if (isAwsError(error, 'InvalidInstanceID.NotFound')) return
      throw error
    }
    for (const id of ids) await terminateAll(deps, [id], signal)
  }
}

/** They leave the cluster's group when they are gone: one request a look, however many they are. */
async function waitUntilGone(cluster: Cluster, ids: readonly string[], signal?: AbortSignal): Promise<void> {
  const going = new Set(ids)
  const look = async (s: AbortSignal) =>
    (await cluster.getNodes({ signal: s })).every(({ id }) => !going.has(id)) || undefined
  await poll(`the nodes of cluster ${cluster.tag} to terminate`, look, {
    timeoutMs: 15 * 60_000,
    slowestMs: 5000,
    signal,
    hint: `"starcluster terminate ${cluster.tag}" again goes on`,
  })
}
