import { abortable } from '../aws/caller-identity.js'
import type { Node } from '../node/node.js'
import { withSignal } from '../node/run-signal.js'
import { SSHAuthException, SSHConnectionError } from '../ssh/errors.js'
import { onEach } from '../ssh/fan-out.js'
import { cancellable } from './cancellable.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest } from './errors.js'
import type { NodePool } from './node-pool.js'
import { poll } from './poll.js'
import { defaultSetup, loadPlugins, runHooks, runningNodes } from './run-hooks.js'

export interface RestartOptions {
  /** Do not set the cluster up again. */
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
      const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
      const plugins = await loadPlugins(deps, cluster.plugins)
      const nodes = await runningNodes(deps, cluster, signal)
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
      const before = await onEach(nodes, (node) => bootMark(node, signal), { signal })
      await deps.aws.ec2.rebootInstances({ InstanceIds: nodes.map(({ id }) => id) }, abortable(signal))
      if (rebootOnly) return
      progress('waiting for the nodes to come back')
      await onEach(nodes, (node) => waitForBoot(node, before[nodes.indexOf(node)] ?? '', signal), {
        fanout: 50,
        signal,
      })
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

async function waitForBoot(node: Node, before: string, signal: AbortSignal | undefined): Promise<void> {
  const look = async (s: AbortSignal) => {
    try {
      node.close() // the old connection may hang until the kernel gives it up
      return (await bootMark(node, s)) !== before || undefined
    } catch (error) {
      if (s.aborted || !(error instanceof SSHConnectionError || error instanceof SSHAuthException)) throw error
      return undefined
    }
  }
  await poll(`${node.alias} to boot again`, look, {
    timeoutMs: 15 * 60_000,
    slowestMs: 5000,
    signal,
    hint: `look at its console output; "starcluster terminate ${node.parentCluster ?? ''}" gives up`,
  })
}
