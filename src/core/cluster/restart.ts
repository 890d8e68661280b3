import { abortable } from '../aws/caller-identity.js'
import { inCalls } from '../aws/instances.js'
import type { Node } from '../node/node.js'
import { RootLogin } from '../node/root-login.js'
import { withSignal } from '../node/run-signal.js'
import { SSHAuthException, SSHConnectionError } from '../ssh/errors.js'
import { onEach } from '../ssh/fan-out.js'
import { cancellable } from './cancellable.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest } from './errors.js'
import { followAccess } from './follow-access.js'
import { keepLifetime } from './lifetime.js'
import type { NodePool } from './node-pool.js'
import { poll } from './poll.js'
import { defaultSetup, loadPluginsLeniently, runHooks, runningNodes } from './run-hooks.js'

export interface RestartOptions {
  /** Do not set the cluster up again: only wait until its nodes have booted. */
  readonly rebootOnly?: boolean
  readonly signal?: AbortSignal
}

/** Reboots all running nodes, waits until every one has really booted again, and sets the cluster up again. */
export async function restartCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: RestartOptions = {},
): Promise<void> {
  const { signal, rebootOnly } = options
  await cancellable(
    signal,
    async (progress) => {
      progress(`looking for cluster ${tag}`)
      const group = await findGroup(deps, tag, signal)
      const cluster = clusterOf(deps, pool, group)
      const plugins = await loadPluginsLeniently(deps, cluster.plugins)
      const nodes = await runningNodes(deps, cluster, signal)
      await followAccess(deps, group, cluster.record, signal)
      progress('waiting for its nodes to answer')
      // They may be about to boot: an earlier restart was interrupted.
      const rootLogin = new RootLogin(cluster.record.imageUser, deps.log)
      const before = await onEach(nodes, (node) => bootOtherThan(undefined, node, signal, rootLogin), { signal })
      progress('running the restart hooks of its plugins')
      await runHooks(
        deps,
        cluster,
        nodes,
        plugins.filter(({ instance }) => instance.onRestart),
        'onRestart',
        signal,
      )
      progress(`rebooting cluster ${tag}`)
      deps.log.info(`Rebooting ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'} of cluster ${tag}...`)
      const ids = nodes.map(({ id }) => id)
      await inCalls(ids, (InstanceIds) => deps.aws.ec2.rebootInstances({ InstanceIds }, abortable(signal)))
      progress('waiting for the nodes to come back')
      await onEach(nodes, (node) => bootOtherThan(before[nodes.indexOf(node)], node, signal), {
        fanout: 50,
        signal,
      })
      await keepLifetime(deps, cluster, nodes, signal)
      if (rebootOnly) {
        deps.log.info(`All nodes of cluster ${tag} have booted again`)
        return
      }
      progress('configuring the nodes')
      await runHooks(deps, cluster, nodes, [defaultSetup(), ...plugins], 'run', signal)
    },
    (doing, cause) => new CancelledRequest(`restarting cluster ${tag} (${doing})`, cause),
  )
}

/** What differs after every boot: the kernel's id of it, and when PID 1 began (a container keeps its host's boot id). */
async function bootMark(node: Node, signal: AbortSignal | undefined): Promise<string> {
  const command = "cat /proc/sys/kernel/random/boot_id; sed 's/.*) //' /proc/1/stat | cut -d' ' -f20"
  return (await withSignal(signal, () => node.ssh.execute(command, { sourceProfile: false }))).stdout
}

/** Waits until a node answers in another boot than this one; in whatever boot, without one. @returns the boot's mark */
async function bootOtherThan(
  before: string | undefined,
  node: Node,
  signal: AbortSignal | undefined,
  rootLogin?: RootLogin,
): Promise<string> {
  const look = async (s: AbortSignal) => {
    try {
      if (before !== undefined) node.close() // the old connection may hang until the kernel gives it up
      await rootLogin?.reach(node, s)
      const mark = await bootMark(node, s)
      return mark === before ? undefined : mark
    } catch (error) {
      if (s.aborted || !(error instanceof SSHConnectionError || error instanceof SSHAuthException)) throw error
      return undefined
    }
  }
  return poll(`${node.alias} to ${before === undefined ? 'answer' : 'boot again'}`, look, {
    timeoutMs: before === undefined ? 2 * 60_000 : 15 * 60_000,
    slowestMs: 5000,
    signal,
    hint: `look at its console output; "starcluster terminate ${node.parentCluster ?? ''}" gives up`,
  })
}
