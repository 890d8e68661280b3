import { setMaxListeners } from 'node:events'
import type { Instance } from '@aws-sdk/client-ec2'
import pLimit from 'p-limit'
import { describeInstancesById } from '../aws/instances.js'
import type { Node } from '../node/node.js'
import { withSignal } from '../node/run-signal.js'
import { SSHAuthException, SSHConnectionError } from '../ssh/errors.js'
import { deadlineSignal, WaitTimeoutError } from '../wait.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps, StartDeadlines } from './deps.js'
import { NoClusterNodesFound } from './errors.js'
import type { NodePool } from './node-pool.js'
import { poll } from './poll.js'

const defaults: StartDeadlines = { runningMs: 15 * 60_000, hostKeysMs: 10 * 60_000, sshMs: 10 * 60_000 }
/** cloud-init writes our public key some time after sshd listens. */
const refusedMs = 2 * 60_000

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
  const seconds = cluster.record.launch?.startTimeout
  if (seconds === undefined) return waitForAll(deps, pool, cluster, ids, { ...defaults, ...deps.deadlines }, options)
  const ms = seconds * 1000
  const what = `the nodes of cluster ${cluster.tag} to run and to answer on ssh (its start_timeout)`
  const deadline = deadlineSignal(ms, new WaitTimeoutError(what, ms, goOn(cluster.tag)), options.signal)
  const deadlines = { runningMs: ms, hostKeysMs: ms, sshMs: ms, ...deps.deadlines }
  try {
    return await waitForAll(deps, pool, cluster, ids, deadlines, { ...options, signal: deadline.signal })
  } finally {
    deadline.release()
  }
}

interface WaitForNodes {
  readonly fresh: boolean
  readonly signal?: AbortSignal | undefined
}

const goOn = (tag: string) =>
  `see what they do with "starcluster listclusters ${tag}"; "starcluster start -x ${tag}" goes on waiting`

async function waitForAll(
  deps: ClusterDeps,
  pool: NodePool,
  cluster: Cluster,
  ids: readonly string[],
  deadlines: StartDeadlines,
  { fresh, signal }: WaitForNodes,
): Promise<Node[]> {
  const atOnce = pLimit(connectsAtOnce)
  const connecting = new Map<string, Promise<void>>()
  const wantedIds = new Set(ids)
  // One node that can never be reached ends the wait for all the others at once.
  const failed = new AbortController()
  const both = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal
  setMaxListeners(0, both) // one a node
  const begin = (node: Node) => {
    if (connecting.has(node.id) || !node.isRunning() || node.addr === '') return
    const connected = atOnce(() => connect(pool, cluster.tag, node, deadlines, both))
    connected.catch((error: unknown) => failed.abort(error))
    connecting.set(node.id, connected)
  }
  const began = performance.now()
  // Later it failed to start, or somebody stopped it meanwhile.
  const mayBeStopped = ({ id }: Node) => !fresh && !connecting.has(id) && performance.now() - began < oldNewsMs
  const look = async (s: AbortSignal) => {
    const nodes = await cluster.getNodes({ signal: s })
    await refuseEnded(deps, cluster.tag, ids, nodes, mayBeStopped, s)
    const wanted = nodes.filter((node) => wantedIds.has(node.id))
    for (const node of wanted) begin(node)
    return connecting.size === ids.length ? wanted : undefined
  }
  const allBegun = () =>
    poll(`the nodes of cluster ${cluster.tag} to run`, look, {
      timeoutMs: deadlines.runningMs,
      slowestMs: 5000,
      signal: both,
      hint: goOn(cluster.tag),
    })
  const nodes = await allBegun().catch((error: unknown) => {
    failed.abort(error) // those that are being connected to are given up
    throw error
  })
  const watch = watchFor(
    async (s) => refuseEnded(deps, cluster.tag, ids, await cluster.getNodes({ signal: s }), mayBeStopped, s),
    failed,
    { timeoutMs: deadlines.hostKeysMs + deadlines.sshMs, signal: both },
  )
  try {
    await Promise.all(connecting.values())
  } finally {
    watch.end()
  }
  return nodes
}

/** Looks every few seconds whether nodes that we try to reach have ended meanwhile, and then gives all of them up. */
function watchFor(
  look: (signal: AbortSignal) => Promise<void>,
  failed: AbortController,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): { end(): void } {
  const ended = new AbortController()
  const options = {
    timeoutMs,
    firstMs: 2000,
    slowestMs: 10_000,
    signal: AbortSignal.any([signal, ended.signal]),
  }
  poll('the nodes to be reached', async (s) => void (await look(s)), options).catch((error: unknown) => {
    if (!ended.signal.aborted) failed.abort(error)
  })
  return { end: () => ended.abort() }
}

/** An instance that was launched and is not living any more, or stopped by itself, will not run. */
async function refuseEnded(
  deps: ClusterDeps,
  tag: string,
  ids: readonly string[],
  nodes: readonly Node[],
  mayBeStopped: (node: Node) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const good = (node: Node) =>
    node.state === 'pending' ||
    node.state === 'running' ||
    ((node.state === 'stopped' || node.state === 'stopping') && mayBeStopped(node))
  const living = new Set(nodes.filter(good).map(({ id }) => id))
  const missing = ids.filter((id) => !living.has(id))
  if (missing.length === 0) return
  // Not listed may also mean: launched so lately that EC2 does not list it yet.
  const ended = (await describeInstancesById(deps.aws.ec2, missing, signal)).filter(hasEnded)
  if (ended.length === 0) return
  const reasons = ended.map(({ InstanceId, StateReason }) => {
    const alias = nodes.find(({ id }) => id === InstanceId)?.alias
    return `${alias ? `${alias} ` : ''}${InstanceId}: ${StateReason?.Message ?? 'no reason given'}`
  })
  const resumable = ended.every(({ State }) => State?.Name === 'stopped' || State?.Name === 'stopping')
  throw new NoClusterNodesFound(
    `${ended.length} of ${ids.length} nodes of cluster ${tag} ended while they were started\n${reasons.join('\n')}`,
    {
      hint: resumable
        ? `go on with "starcluster start -x ${tag}", or remove it with "starcluster terminate ${tag}"`
        : `remove what is left with "starcluster terminate ${tag}", then start again`,
    },
  )
}

const hasEnded = ({ State }: Instance) => State?.Name !== 'pending' && State?.Name !== 'running'

/** Host keys first, then ssh: nothing is sent to a machine that cannot prove who it is. */
async function connect(
  pool: NodePool,
  tag: string,
  node: Node,
  { hostKeysMs, sshMs }: StartDeadlines,
  signal: AbortSignal,
): Promise<void> {
  await pool.pinsOf(tag).waitFor(node.id, node.alias, hostKeysMs, signal)
  let lastRefusal: Error | undefined
  let refusedSince: number | undefined
  const attempt = async (s: AbortSignal) => {
    try {
      await withSignal(s, () => node.ssh.connect())
      return true
    } catch (error) {
      if (s.aborted) throw error
      if (error instanceof SSHAuthException) {
        refusedSince ??= performance.now()
        if (performance.now() - refusedSince > refusedMs) throw error
      } else if (!(error instanceof SSHConnectionError)) throw error
      lastRefusal = error
      return undefined
    }
  }
  try {
    await poll(`ssh on ${node.alias} (${node.addr})`, attempt, {
      timeoutMs: sshMs,
      slowestMs: 5000,
      signal,
      hint: `check that its security group and network let you reach port 22 from here, then go on with "starcluster start -x ${tag}"; "starcluster terminate ${tag}" removes the cluster`,
    })
  } catch (error) {
    if (lastRefusal && error instanceof Error && error.cause === undefined && !signal.aborted) error.cause = lastRefusal
    throw error
  }
}
