import { withSignal } from '../node/run-signal.js'
import type { ClusterDeps } from './deps.js'
import type { NodePool } from './node-pool.js'
import { forgetSnapshot, listSnapshots, rollbackCluster, snapshotCluster } from './snapshots.js'

const prefix = 'before-'

/** Name of the state a plugin's fresh runs begin with. */
export function freshSnapshotName(plugin: string): string {
  return `${prefix}${plugin.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 50)}`
}

/**
 * Puts a cluster into the state before the last fresh run of a plugin, so that each try begins alike. The first one names
 * the state it finds. Where a plain run, or anything else, came between, its effects are gone too.
 * @throws SnapshotsUnavailable in a region without snapshots; SnapshotLacksNodes when nodes were added since
 */
export async function startFresh(
  deps: ClusterDeps,
  pool: NodePool,
  plugin: string,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const name = freshSnapshotName(plugin)
  const known = await listSnapshots(deps, pool, tag, { signal })
  const before = known.find((one) => one.name === name)
  if (!before) {
    await snapshotCluster(deps, pool, tag, name, { signal })
    return
  }
  await rollbackCluster(deps, pool, tag, name, { signal })
  const since = before.created.toTimeString().slice(0, 5)
  deps.log.info(
    `All that was done since ${since} is gone; to begin with another state: starcluster snapshots ${tag} --remove ${name}`,
  )
  // States of other plugins that grew from this one have the old run of this plugin in them.
  for (const later of known.filter((one) => one.name.startsWith(prefix) && one.created > before.created)) {
    await forgetSnapshot(deps, pool, tag, later.name, { signal })
    deps.log.info(`Snapshot ${later.name} was made after the last run of ${plugin}: it is forgotten`)
  }
}

/** A run whose effects on the disks are taken back at its end, however it ends. */
export class DryRun implements AsyncDisposable {
  private constructor(
    private readonly deps: ClusterDeps,
    private readonly pool: NodePool,
    private readonly tag: string,
    private readonly snapshot: string,
  ) {}

  static async begin(deps: ClusterDeps, pool: NodePool, tag: string, signal: AbortSignal | undefined): Promise<DryRun> {
    const name = `dry-run-${Date.now().toString(36)}`
    try {
      await snapshotCluster(deps, pool, tag, name, { signal })
    } catch (error) {
      // It may be there all the same, and would be the newest for a rollback.
      const forget = () => forgetSnapshot(deps, pool, tag, name).catch(() => undefined)
      await withSignal(new AbortController().signal, forget)
      throw error
    }
    return new DryRun(deps, pool, tag, name)
  }

  /** Also after Ctrl-C, which must not end the way back. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { deps, pool, tag, snapshot } = this
    deps.log.info(`Putting the disks of ${tag} back...`)
    await withSignal(new AbortController().signal, async () => {
      await rollbackCluster(deps, pool, tag, snapshot)
      await forgetSnapshot(deps, pool, tag, snapshot)
    })
  }
}
