import { dirname, join } from 'node:path'
import type { LocalPaths } from './paths.js'

/** As root outside of any home, since a 0700 home cannot be entered from the machines' user namespace. */
export function diskRoot(env: NodeJS.ProcessEnv, paths: LocalPaths): string {
  const given = env.STARCLUSTER_DISK_ROOT
  if (given) return given
  return process.getuid?.() === 0 ? '/var/lib/starcluster/0' : join(dirname(paths.dir), 'disks')
}
