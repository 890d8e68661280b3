import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import type { Node } from '../node/node.js'
import { RootLogin } from '../node/root-login.js'
import { SSHAuthException, SSHConnectionError } from '../ssh/errors.js'
import { settledWithin, WaitTimeoutError } from '../wait.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps, StartDeadlines } from './deps.js'
import { refuseEnded } from './ended-nodes.js'
import type { NodePool } from './node-pool.js'
import { poll, watchFor } from './poll.js'
import { goOn, withinStartTimeout } from './start-timeout.js'

/** How long EC2 may still show the state from before a start. */
const oldNewsMs = 15_000

/** Nodes connected to while the others still boot. */
const connectsAtOnce = 50

/**
 * Waits until all these instances run, have shown their host keys and let us in. One DescribeInstances per look, however
 * many they are; each node is connected to as soon as it runs.
 *
 * @param fresh the instances were launched just now: one that is stopped has ended. Otherwise EC2 may still show the
 *   state from before it was started for a while.
 * @returns the cluster's nodes, the master first
 * @throws NoClusterNodesFound when a node ended instead, WaitTimeoutError
 */
export async function waitForNodes(
  deps: ClusterDeps,
  pool: NodePool,
  cluster: Cluster,
  ids: readonly string[],
  options: WaitForNodes,
): Promise<Node[]> {
  return withinStartTimeout(deps, cluster, options.signal, async (deadlines, signal) => {
    const { nodes } = await reachNodes(deps, pool, cluster, ids, { ...options, deadlines, signal })
    return [...nodes]
  })
}

interface WaitForNodes {
  readonly fresh: boolean
  /** Instead of the recorded one. */
  readonly imageUser?: string | undefined
  readonly signal?: AbortSignal | undefined
}

interface Reaching extends WaitForNodes {
  readonly deadlines: StartDeadlines
  /** Milliseconds after which nodes that do not answer are given up rather than waited for; absent: all must answer. */
  readonly patienceMs?: number
}

/** A node that was waited for in vain. */
export interface Straggler {
  readonly id: string
  readonly alias: string
  /** What is wrong with it, e.g. `it shows no host keys`. */
  readonly reason: string
  /** That will not change. */
  readonly error?: unknown
}

export interface Reached {
  /** The master first. */
  readonly nodes: readonly Node[]
  /** Only after `patienceMs`. */
  readonly late: readonly Straggler[]
}

/** Waits for nodes as `waitForNodes` does, or until patience is at its end. */
export async function reachNodes(
  deps: ClusterDeps,
  pool: NodePool,
  cluster: Cluster,
  ids: readonly string[],
  { fresh, imageUser = cluster.record.imageUser, deadlines, patienceMs, signal }: Reaching,
): Promise<Reached> {
  const atOnce = pLimit(connectsAtOnce)
  const rootLogin = new RootLogin(imageUser, deps.log)
  const connecting = new Map<string, Promise<void>>()
  const reached = new Set<string>()
  const troubles = new Map<string, string>()
  const failures = new Map<string, unknown>()
  const wantedIds = new Set(ids)
  // One node that can never be reached ends the wait for all the others at once.
  const failed = new AbortController()
  const both = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal
  setMaxListeners(0, both) // one a node
  const began = performance.now()
  const patienceLeft = () =>
    patienceMs === undefined ? Number.POSITIVE_INFINITY : began + patienceMs - performance.now()
  const begin = (node: Node) => {
    if (connecting.has(node.id) || !node.isRunning() || node.addr === '') return
    const trouble = (text: string) => void troubles.set(node.id, text)
    const connected = atOnce(() => connect(pool, cluster.tag, node, rootLogin, deadlines, both, trouble)).then(
      () => void reached.add(node.id),
      (error: unknown) => {
        if (patienceMs === undefined || !mayBeTheNodes(error)) failed.abort(error)
        failures.set(node.id, error)
        throw error
      },
    )
    connected.catch(() => undefined)
    connecting.set(node.id, connected)
  }
  // Later it failed to start, or somebody stopped it meanwhile.
  const mayBeStopped = ({ id }: Node) => !fresh && !connecting.has(id) && performance.now() - began < oldNewsMs
  const refuse = (nodes: readonly Node[], s: AbortSignal) => refuseEnded(deps, cluster.tag, ids, nodes, mayBeStopped, s)
  const look = async (s: AbortSignal) => {
    const nodes = await cluster.getNodes({ signal: s })
    await refuse(nodes, s)
    const wanted = nodes.filter((node) => wantedIds.has(node.id))
    for (const node of wanted) begin(node)
    return connecting.size === ids.length || patienceLeft() <= 0 ? wanted : undefined
  }
  const allBegun = () =>
    poll(`the nodes of cluster ${cluster.tag} to run`, look, {
      timeoutMs: deadlines.runningMs,
      slowestMs: Math.min(5000, (patienceMs ?? 50_000) / 10),
      signal: both,
      hint: goOn(cluster.tag),
    })
  const nodes = await allBegun().catch((error: unknown) => {
    failed.abort(error) // those that are being connected to are given up
    throw error
  })
  const watch = watchFor(async (s) => refuse(await cluster.getNodes({ signal: s }), s), failed, {
    timeoutMs: deadlines.hostKeysMs + deadlines.sshMs,
    signal: both,
  })
  try {
    if (patienceMs === undefined) await Promise.all(connecting.values())
    else await settledWithin(connecting.values(), patienceLeft(), both)
  } finally {
    watch.end()
  }
  const late = ids.filter((id) => !reached.has(id))
  failed.abort(new Error('no longer waited for'))
  return { nodes: nodes.filter(({ id }) => reached.has(id)), late: late.map(straggler) }

  function straggler(id: string): Straggler {
    const node = nodes.find((one) => one.id === id)
    const alias = node?.alias ?? id
    const error = failures.get(id)
    if (error instanceof Error) return { id, alias, reason: error.message, error }
    const reason = troubles.get(id) ?? (node ? `it is ${node.state}` : 'EC2 does not list it')
    return { id, alias, reason }
  }
}

/** True for what may be wrong with a single node; a key that cannot be used, or a host key that changed, never is. */
function mayBeTheNodes(error: unknown): boolean {
  return error instanceof SSHConnectionError || error instanceof SSHAuthException || error instanceof WaitTimeoutError
}

/** Host keys first, then ssh: nothing is sent to a machine that cannot prove who it is. */
async function connect(
  pool: NodePool,
  tag: string,
  node: Node,
  rootLogin: RootLogin,
  { hostKeysMs, sshMs, refusedMs }: StartDeadlines,
  signal: AbortSignal,
  trouble: (text: string) => void,
): Promise<void> {
  trouble('it shows no host keys in its console output')
  await pool.pinsOf(tag).waitFor(node.id, node.alias, hostKeysMs, signal)
  trouble('its ssh does not answer')
  let lastRefusal: Error | undefined
  let refusedSince: number | undefined
  const attempt = async (s: AbortSignal) => {
    try {
      await rootLogin.reach(node, s)
      return true
    } catch (error) {
      if (s.aborted) throw error
      if (error instanceof SSHAuthException) {
        refusedSince ??= performance.now()
        if (performance.now() - refusedSince > refusedMs) throw error
      } else if (!(error instanceof SSHConnectionError)) throw error
      lastRefusal = error
      trouble(error.message)
      return undefined
    }
  }
  const giveUp = node.isMaster()
    ? `"starcluster terminate ${tag}" removes the cluster`
    : `"starcluster removenode -a ${node.alias} ${tag}" removes it`
  try {
    await poll(`ssh on ${node.alias} (${node.addr})`, attempt, {
      timeoutMs: sshMs,
      slowestMs: 5000,
      signal,
      hint: `check that its security group and network let you reach port 22 from here, then go on with "starcluster start -x ${tag}"; ${giveUp}`,
    })
  } catch (error) {
    if (lastRefusal && error instanceof Error && error.cause === undefined && !signal.aborted) error.cause = lastRefusal
    throw error
  }
}
