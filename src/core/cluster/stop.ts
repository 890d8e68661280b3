import { abortable } from '../aws/caller-identity.js'
import { inCalls } from '../aws/instances.js'
import { InvalidOperation } from '../node/errors.js'
import type { Node } from '../node/node.js'
import { foldNodeNames } from '../ssh/fold.js'
import { cancellable } from './cancellable.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest } from './errors.js'
import { holdLifetime } from './lifetime.js'
import type { NodePool } from './node-pool.js'
import { poll } from './poll.js'
import { removeNodes } from './remove-nodes.js'
import { shutdownHooks } from './shutdown-hooks.js'
import { detachVolumes } from './volumes.js'

export interface StopOptions {
  /** Workers that cannot be stopped, such as spot instances, are removed from the cluster. Else the stop is refused. */
  readonly terminateUnstoppable?: boolean
  /** Go on when plugins fail. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

/** Stops all nodes such that `start -x` resumes them with their disks; waits until they have stopped. */
export async function stopCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: StopOptions = {},
): Promise<void> {
  const { signal } = options
  await cancellable(
    signal,
    async (progress) => {
      progress(`looking for cluster ${tag}`)
      const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
      const all = await cluster.getNodesOrThrow({ signal })
      const stuck = all.filter((node) => !node.isStoppable())
      if (stuck.length > 0) {
        refuseUnstoppable(tag, all, stuck, options)
        progress('removing nodes that cannot be stopped')
        await removeNodes(deps, pool, tag, { ...options, aliases: stuck.map(({ id }) => id) })
      }
      const nodes = all.filter((node) => !stuck.includes(node))
      progress('running the shutdown hooks of its plugins')
      const running = () => nodes.filter((node) => node.isRunning())
      await shutdownHooks(deps, cluster, { ...options, command: 'stop', running })
      progress(`stopping cluster ${tag}`)
      const ids = nodes.filter(({ state }) => state === 'running' || state === 'pending').map(({ id }) => id)
      deps.log.info(`Stopping ${ids.length} ${ids.length === 1 ? 'node' : 'nodes'} of cluster ${tag}...`)
      await inCalls(ids, (InstanceIds) => deps.aws.ec2.stopInstances({ InstanceIds }, abortable(signal)))
      const stopping = new Set<string>()
      const stopped = async (s: AbortSignal) => {
        const now = await cluster.getNodes({ signal: s })
        refuseStartedAgain(tag, now, stopping)
        return now.every((node) => node.isStopped()) || undefined
      }
      await poll(`the nodes of cluster ${tag} to stop`, stopped, { timeoutMs: 15 * 60_000, slowestMs: 5000, signal })
      for (const node of nodes) node.close()
      await holdLifetime(deps, cluster, signal)
      const master = nodes.find((node) => node.isMaster())
      progress('detaching its volumes')
      if (master) await detachVolumes(deps, cluster.volumes, master, signal)
    },
    (doing, cause) => new CancelledRequest(`stopping cluster ${tag} (${doing})`, cause),
  )
}

/** @throws InvalidOperation naming the ways out, unless they may be terminated and the rest is a cluster */
function refuseUnstoppable(
  tag: string,
  all: readonly Node[],
  stuck: readonly Node[],
  { terminateUnstoppable = false }: StopOptions,
): void {
  const rest = stuck.some((node) => node.isMaster()) ? [] : all.filter((node) => !stuck.includes(node))
  if (terminateUnstoppable && rest.length > 0) return
  const names = foldNodeNames(stuck.map(({ alias }) => alias))
  const ends = `"starcluster terminate ${tag}" ends the cluster and deletes its disks`
  throw new InvalidOperation(
    `${names} of cluster ${tag} cannot be stopped: spot instance, or no disk that outlives a stop`,
    {
      hint: rest.length > 0 ? `"starcluster stop -t ${tag}" removes ${names} and stops the others; ${ends}` : ends,
    },
  )
}

/** Whoever starts them meanwhile has the last word. EC2 may show the state from before the stop for a while: that is none. */
function refuseStartedAgain(tag: string, nodes: readonly Node[], stopping: Set<string>): void {
  const again = nodes.filter(({ id, state }) => stopping.has(id) && (state === 'pending' || state === 'running'))
  for (const { id, state } of nodes) if (state === 'stopping' || state === 'stopped') stopping.add(id)
  if (again.length === 0) return
  throw new InvalidOperation(
    `${foldNodeNames(again.map(({ alias }) => alias))} of cluster ${tag} had been stopped and was started again by somebody else`,
    { hint: `"starcluster stop ${tag}" stops the cluster again` },
  )
}
