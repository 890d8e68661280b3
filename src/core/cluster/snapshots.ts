import type { DiskState, RegionDisks } from '../aws/region.js'
import { StarClusterError } from '../errors.js'
import { didYouMean } from '../nearest.js'
import type { Node } from '../node/node.js'
import { foldNodeNames } from '../ssh/fold.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { keepLifetime } from './lifetime.js'
import type { NodePool } from './node-pool.js'

export interface SnapshotOptions {
  readonly signal?: AbortSignal | undefined
}

/** A state all disks of a cluster can be put back to. */
export interface ClusterSnapshot {
  readonly name: string
  readonly created: Date
}

/**
 * Gives the present state of every disk of a cluster a name. Its machines restart for it: processes end, connections
 * are made anew.
 * @param name default: `snapshot-N`, N one more than there was
 * @throws SnapshotsUnavailable in a region without them
 */
export async function snapshotCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  name: string | undefined,
  { signal }: SnapshotOptions = {},
): Promise<ClusterSnapshot> {
  const { disks, nodes, ids } = await disksOf(deps, pool, tag, signal)
  const known = await disks.list(ids, signal)
  const chosen = name ?? nextName(known)
  if (!known.some((one) => one.name === chosen)) await refuseOlderThanNodes(tag, disks, nodes, chosen, signal)
  const ms = await timed(async () => restarting(nodes, () => disks.snapshot(ids, chosen, signal)))
  const made = (await disks.list(ids, signal)).find((one) => one.name === chosen)
  deps.log.info(`Snapshot ${chosen} of ${tag} is made (${seconds(ms)}); its machines run again`)
  return { name: chosen, created: new Date(made?.created ?? Date.now()) }
}

/**
 * Puts every disk of a cluster back to a named state. What was written since is gone; other snapshots stay.
 * @param name default: the newest
 * @throws SnapshotsUnavailable, SnapshotDoesNotExist, SnapshotLacksNodes
 */
export async function rollbackCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  name: string | undefined,
  { signal }: SnapshotOptions = {},
): Promise<ClusterSnapshot> {
  const { disks, cluster, nodes, ids } = await disksOf(deps, pool, tag, signal)
  const known = await disks.list(ids, signal)
  const named = name === undefined ? known.at(-1) : known.find((one) => one.name === name)
  if (!named) await refuseOlderThanNodes(tag, disks, nodes, name, signal)
  const wanted = named ?? raise(noSnapshot(tag, known, name))
  const ms = await timed(async () => restarting(nodes, () => disks.rollback(ids, wanted.name, signal)))
  // What the disks say of its end is as old as they are.
  if (cluster.marks.lifetime) await keepLifetime(deps, cluster, await cluster.getRunningNodes({ signal }), signal)
  deps.log.info(`${tag} is back at snapshot ${wanted.name} (${seconds(ms)})`)
  return asSnapshot(wanted)
}

/** Oldest first; those that all of the cluster's nodes have. */
export async function listSnapshots(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  { signal }: SnapshotOptions = {},
): Promise<ClusterSnapshot[]> {
  const { disks, ids } = await disksOf(deps, pool, tag, signal)
  return (await disks.list(ids, signal)).map(asSnapshot)
}

/** Forgets a name; the disks stay as they are. */
export async function forgetSnapshot(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  name: string,
  { signal }: SnapshotOptions = {},
): Promise<void> {
  const { disks, ids } = await disksOf(deps, pool, tag, signal)
  await disks.forget(ids, name, signal)
}

async function disksOf(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<{ disks: RegionDisks; cluster: Cluster; nodes: readonly Node[]; ids: readonly string[] }> {
  const disks = requireDisks(deps, tag)
  const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
  const nodes = await cluster.getNodesOrThrow({ signal })
  return { disks, cluster, nodes, ids: nodes.map(({ id }) => id) }
}

/** Said before anything is asked of the cloud. @throws SnapshotsUnavailable */
export function requireDisks({ region }: Pick<ClusterDeps, 'region'>, tag: string): RegionDisks {
  if (!region.disks) throw new SnapshotsUnavailable(tag, region.name)
  return region.disks
}

/** Connections do not outlive the restart; the next command on a node makes a new one at once. */
async function restarting<T>(nodes: readonly Node[], act: () => Promise<T>): Promise<T> {
  for (const node of nodes) node.close()
  return act()
}

/**
 * Nodes added after a snapshot have no state of that name, and the others' would not know them.
 * @param name undefined: the newest that any node has
 * @throws SnapshotLacksNodes when some of the nodes have the snapshot and others do not
 */
async function refuseOlderThanNodes(
  tag: string,
  disks: RegionDisks,
  nodes: readonly Node[],
  name: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lists = await Promise.all(nodes.map(({ id }) => disks.list([id], signal)))
  const newest = lists
    .flat()
    .toSorted((a, b) => (a.created < b.created ? -1 : 1))
    .at(-1)
  const wanted = name ?? newest?.name
  const lacking = nodes.filter((_, at) => !lists[at]?.some((one) => one.name === wanted))
  if (wanted === undefined || lacking.length === nodes.length) return
  const aliases = lacking.map(({ alias }) => alias)
  throw new SnapshotLacksNodes(
    `snapshot ${wanted} of ${tag} is older than ${foldNodeNames(aliases)}, added to the cluster since`,
    {
      hint: `"starcluster removenode ${tag} ${aliases.join(' ')}" makes the cluster one that has it; "starcluster snapshots ${tag} --remove ${wanted}" frees the name for a new one`,
    },
  )
}

function noSnapshot(tag: string, all: readonly DiskState[], name: string | undefined): SnapshotDoesNotExist {
  const names = all.map((one) => one.name)
  const what = name === undefined ? 'snapshot' : `snapshot ${name}${didYouMean(name, names)}`
  return new SnapshotDoesNotExist(`there is no ${what} of ${tag}`, {
    hint:
      names.length > 0
        ? `there are: ${names.join(', ')}`
        : `make one with "starcluster snapshot ${tag} NAME", or cm.snapshot('${tag}') in the shell`,
  })
}

function raise(error: Error): never {
  throw error
}

function nextName(all: readonly DiskState[]): string {
  const numbers = all.map(({ name }) => Number(/^snapshot-(\d+)$/.exec(name)?.[1] ?? 0))
  return `snapshot-${Math.max(0, ...numbers) + 1}`
}

const asSnapshot = ({ name, created }: DiskState): ClusterSnapshot => ({ name, created: new Date(created) })

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

export class SnapshotsUnavailable extends StarClusterError {
  readonly code = 'SnapshotsUnavailable'
  constructor(tag: string, region: string) {
    super(
      `the disks of cluster ${tag} cannot be put back to an earlier state in region ${region}: only the local cloud can`,
      {
        hint: 'try on the local cloud (-r local); on AWS make an image of a configured node and start a new cluster from it',
      },
    )
  }
}

export class SnapshotDoesNotExist extends StarClusterError {
  readonly code = 'SnapshotDoesNotExist'
}

/** Some of the cluster's nodes were added after the snapshot. */
export class SnapshotLacksNodes extends StarClusterError {
  readonly code = 'SnapshotLacksNodes'
}
