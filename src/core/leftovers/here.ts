import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RegionEntry } from '../aws/region.js'
import type { StarClusterPaths } from '../paths.js'
import type { Leftover } from './leftover.js'

/** Draft of a private key that a program which was killed left: `NAME.pem.PID.RANDOM`. */
const draft = /\.pem\.(\d+)\.[0-9a-f]{8}$/

/** Files of this computer that belong to clusters of the region which are gone. Private keys are nobody's leftovers. */
export async function leftoversHere(
  { paths, region }: { readonly paths: StarClusterPaths; readonly region: Pick<RegionEntry, 'name'> },
  clusters: ReadonlySet<string>,
): Promise<Leftover[]> {
  const pins = join(paths.knownHostsDir, region.name)
  const keys = join(paths.keys, region.name)
  const [pinned, made] = await Promise.all([namesIn(pins), namesIn(keys)])
  return [
    ...pinned
      .filter((name) => !clusters.has(clusterOf(name, clusters)))
      .map((name) => ({
        kind: 'file' as const,
        id: join(pins, name),
        cluster: clusterOf(name, clusters),
        why: `host keys of a cluster that does not exist`,
      })),
    ...made
      .filter((name) => isAbandoned(draft.exec(name)?.[1]))
      .map((name) => ({ kind: 'file' as const, id: join(keys, name), why: 'draft of a key that was never used' })),
  ]
}

/** Beside a cluster's file there may be its lock, or a draft of it. */
function clusterOf(name: string, clusters: ReadonlySet<string>): string {
  return clusters.has(name) ? name : name.replace(/\.(lock|[0-9a-f]{8})$/, '')
}

function isAbandoned(pid: string | undefined): boolean {
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
