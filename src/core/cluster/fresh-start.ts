import { withSignal } from '../node/run-signal.js'
import type { ClusterDeps } from './deps.js'
import type { NodePool } from './node-pool.js'
import { forgetSnapshot, listSnapshots, rollbackCluster, snapshotCluster } from './snapshots.js'

/** Name of the state a plugin's fresh runs begin with. */
export function freshSnapshotName(plugin: string): string {
  return `before-${plugin.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 50)}`
}

/**
 * Puts a cluster into the state before the first fresh run of a plugin, so that each try begins alike.
 * @throws SnapshotsUnavailable in a region without snapshots
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
  if (known.some((one) => one.name === name)) await rollbackCluster(deps, pool, tag, name, { signal })
  else await snapshotCluster(deps, pool, tag, name, { signal })
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
    await snapshotCluster(deps, pool, tag, name, { signal })
    return new DryRun(deps, pool, tag, name)
  }

  /** Also after Ctrl-C, which must not end the way back. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { deps, pool, tag, snapshot } = this
    await withSignal(new AbortController().signal, async () => {
      await rollbackCluster(deps, pool, tag, snapshot)
      await forgetSnapshot(deps, pool, tag, snapshot)
    })
  }
}
