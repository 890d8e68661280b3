import { abortable } from '../aws/caller-identity.js'
import type { Node } from '../node/node.js'
import { withSignal } from '../node/run-signal.js'
import { lifetimeStep, noLifetimeStep } from '../node/scripts/lifetime-step.js'
import { runScript } from '../node/scripts/run-script.js'
import { onEach } from '../ssh/fan-out.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import type { Lifetime } from './lifetime-text.js'
import { markTags } from './marks.js'

/** So much longer has the master: a worker that ends without its server would hang on `/home`. */
const masterSeconds = 60
/** Also a node that joins a cluster whose end has passed gets so long. */
const leastSeconds = 60

type Deps = Pick<ClusterDeps, 'aws' | 'log'>

/** Counts the lifetime anew from now on and tells the nodes. Nothing to do for a cluster that never had one. */
export async function beginLifetime(
  deps: Deps,
  cluster: Cluster,
  nodes: readonly Node[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const seconds = cluster.marks.lifetime?.seconds
  if (seconds !== undefined) await markLifetime(deps, cluster, lifetimeFromNow(seconds), signal)
  await keepLifetime(deps, cluster, nodes, signal)
}

/** For a start that leaves the nodes as EC2 made them. */
export function tellNotCounted({ log }: Pick<ClusterDeps, 'log'>, { tag, marks }: Cluster): void {
  if (marks.lifetime?.seconds === undefined) return
  log.warn(`nothing counts the ttl of cluster ${tag} yet: "starcluster start -x ${tag}" sets the nodes up`)
}

export const lifetimeFromNow = (seconds: number): Lifetime => ({ seconds, ends: new Date(Date.now() + seconds * 1000) })

/** The nodes of a cluster that is stopped count nothing; the whole lifetime is counted from its resume. */
export async function holdLifetime(
  deps: Pick<ClusterDeps, 'aws'>,
  cluster: Cluster,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { seconds } = cluster.marks.lifetime ?? {}
  if (cluster.ends && seconds !== undefined) await markLifetime(deps, cluster, { seconds }, signal)
}

/** Writes it down with the cluster. */
export async function markLifetime(
  { aws }: Pick<ClusterDeps, 'aws'>,
  cluster: Cluster,
  lifetime: Lifetime,
  signal: AbortSignal | undefined,
): Promise<void> {
  const marks = { ...cluster.marks, lifetime }
  const Tags = markTags({ lifetime })
  await aws.ec2.createTags({ Resources: [cluster.groupId], Tags }, abortable(signal))
  cluster.marks = marks
}

/**
 * Tells nodes the end of their cluster, or that it has none any more: they keep to it by themselves, without this
 * computer and without credentials. As seconds from now, for their clocks may be wrong.
 * @throws FanOutError naming the nodes that could not be told
 */
export async function keepLifetime(
  { log }: Pick<ClusterDeps, 'log'>,
  cluster: Cluster,
  nodes: readonly Node[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { lifetime } = cluster.marks
  if (!lifetime) return
  const tell = async (node: Node) => {
    const { warnings } = await runScript(node.ssh, [stepFor(node, cluster, lifetime)], { signal })
    for (const warning of warnings) log.warn(`${node.alias}: ${warning}`)
  }
  const all = () => onEach(nodes, tell, { fanout: 50, signal })
  await (signal ? withSignal(signal, all) : all())
}

function stepFor(node: Node, { tag, record }: Cluster, { seconds, ends }: Lifetime) {
  if (seconds === undefined || !ends) return noLifetimeStep()
  const left = Math.max((ends.getTime() - Date.now()) / 1000, leastSeconds) + (node.isMaster() ? masterSeconds : 0)
  // A spot instance cannot be stopped, whatever was asked for.
  const goes = record.launch?.ttlAction === 'terminate' || node.isSpot() ? 'terminate' : 'stop'
  return lifetimeStep({ seconds: left, goes, tag })
}
