import { foldAliases } from '../node/aliases.js'
import type { Node } from '../node/node.js'
import { foldNodeNames } from '../ssh/fold.js'
import { untilAborted } from '../wait.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps, StartDeadlines } from './deps.js'
import { ReplacementFailed } from './errors.js'
import { launchMore } from './launch-more.js'
import type { NodePool } from './node-pool.js'
import { endPending, markPending, newLaunch, type PendingLaunch } from './pending-launch.js'
import { protectNodes } from './protection.js'
import { withinStartTimeout } from './start-timeout.js'
import { terminateNodes } from './terminate.js'
import { type Reached, reachNodes, type Straggler } from './wait-for-cluster.js'

export interface NewNodes {
  /** Nodes of the cluster that were there before. */
  readonly others: readonly Node[]
  /** The launch they belong to, when it stays written down until they are set up. */
  readonly pending?: PendingLaunch
  /** Instead of the recorded one. */
  readonly imageUser?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits for nodes that were launched just now. One that does not answer by its share of the time, while others do, is
 * terminated and launched again, once; with `min_nodes` reached it is left for later instead.
 *
 * @returns those that answer, the master first
 * @throws as `waitForNodes`; ReplacementFailed
 */
export async function waitForNewNodes(
  deps: ClusterDeps,
  pool: NodePool,
  cluster: Cluster,
  ids: readonly string[],
  given: NewNodes,
): Promise<Node[]> {
  return withinStartTimeout(deps, cluster, given.signal, async (deadlines, signal) => {
    const wait = { fresh: true, imageUser: given.imageUser, deadlines, signal }
    const reach = (some: readonly string[], left = deadlines) =>
      reachNodes(deps, pool, cluster, some, { ...wait, deadlines: left })
    const patiently = () => reachNodes(deps, pool, cluster, ids, { ...wait, patienceMs: deadlines.stragglerMs })
    const isSettled = async (one: Reached) => one.late.length === 0 || (await areOthersFine(one, given.others, signal))
    let first = await patiently()
    // Once more: all may be slow today.
    if (first.late.some(({ error }) => error === undefined) && !(await isSettled(first))) first = await patiently()
    if (first.late.length === 0) return [...first.nodes]
    if (!(await isSettled(first))) {
      if (first.late.every(({ error }) => error !== undefined)) throw first.late[0]!.error
      return [...(await reach(ids, later(deadlines))).nodes]
    }
    if (mayBeLeft(cluster, first, given.others)) {
      tellLeft(deps, cluster, first.late)
      return [...first.nodes]
    }
    const names = foldNodeNames(first.late.map(({ alias }) => alias))
    try {
      const launched = await launchAgain(deps, pool, cluster, first, deadlines, { ...given, signal })
      return [...(await reach([...first.nodes.map(({ id }) => id), ...launched])).nodes]
    } catch (error) {
      if (given.signal?.aborted || !(error instanceof Error)) throw error
      throw new ReplacementFailed(cluster.tag, names, given.others.length > 0, error)
    }
  })
}

/** What is left of the time when nodes go on being waited for. */
function later(deadlines: StartDeadlines): StartDeadlines {
  const left = (ms: number) => Math.max(ms - deadlines.stragglerMs, ms / 2)
  const { runningMs, hostKeysMs, sshMs } = deadlines
  return { ...deadlines, runningMs: left(runningMs), hostKeysMs: left(hostKeysMs), sshMs: left(sshMs) }
}

/** Where fewer answer than do not, it is more likely the network, or the image, than single nodes. */
async function areOthersFine(
  { nodes, late }: Reached,
  others: readonly Node[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (nodes.length >= late.length) return true
  const [master] = others
  if (nodes.length + others.length < late.length || !master) return false
  return untilAborted(master.isSshUp(), signal)
}

function mayBeLeft({ record }: Cluster, { nodes, late }: Reached, others: readonly Node[]): boolean {
  const { minNodes } = record.launch ?? {}
  const master = late.some(({ alias }) => alias.endsWith('master'))
  return minNodes !== undefined && !master && nodes.length > 0 && nodes.length + others.length >= minNodes
}

function tellLeft({ log }: ClusterDeps, { tag, marks }: Cluster, late: readonly Straggler[]): void {
  for (const { alias, id, reason } of late)
    log.warn(`${alias} (${id}) is left for later, min_nodes are there: ${reason}`)
  const names = foldAliases(late.map(({ alias }) => alias))
  log.warn(
    `it costs money${marks.lifetime?.seconds === undefined ? '' : ', also after the end of the ttl, which it was not told'}: "starcluster addnode -x -a ${names} ${tag}" sets it up once it answers, "starcluster removenode -a ${names} ${tag}" removes it`,
  )
}

/** Written down before anything is terminated: killed in between, `start -x` launches them. @returns ids of the new ones */
async function launchAgain(
  deps: ClusterDeps,
  pool: NodePool,
  cluster: Cluster,
  { nodes, late }: Reached,
  { stragglerMs }: StartDeadlines,
  { others, pending, signal }: NewNodes,
): Promise<string[]> {
  for (const { alias, id, reason } of late) {
    deps.log.warn(`${alias} (${id}) does not answer after ${seconds(stragglerMs)}: ${reason}; it is launched again`)
  }
  const gone = new Set(late.map(({ id }) => id))
  const again = newLaunch(
    cluster,
    late.map(({ alias }) => alias),
    pending,
  )
  await markPending(deps, cluster.groupId, again, signal)
  const there = (await cluster.getNodes({ signal })).filter(({ id }) => gone.has(id))
  await pool.pinsOf(cluster.tag).forget([...gone])
  // Of a protected cluster too: nothing was ever on them.
  if (cluster.marks.isProtected) await protectNodes(deps, there, false, signal)
  await terminateNodes(deps, cluster, there, signal)
  pool.forgetNodes([...gone])
  const zone = (nodes[0] ?? others[0])?.placement
  const launched = await launchMore(deps, cluster, again, { zone, keyLocation: pool.keyFileOf(cluster.tag), signal })
  // Those of an addnode are still to be set up; the others a start sets up with all.
  if (pending) await markPending(deps, cluster.groupId, { ...pending, launched: true }, signal)
  else await endPending(deps, cluster.groupId, signal)
  return launched
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`
