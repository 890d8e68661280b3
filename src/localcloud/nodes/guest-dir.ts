import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The directory with the scripts that run outside node.js: `host/` beside the nodes, `root/` as it appears in them.
 * Found from the sources (src/localcloud/nodes/guest) and from a bundle anywhere in dist (dist/localcloud/guest).
 */
export function guestDir(from: string = import.meta.url): string {
  let dir = dirname(fileURLToPath(from))
  for (;;) {
    for (const candidate of [join(dir, 'guest'), join(dir, 'localcloud', 'guest')]) {
      if (existsSync(join(candidate, 'host', 'supervisor.pl'))) return candidate
    }
    const up = dirname(dir)
    if (up === dir) throw new Error(`the guest scripts are missing beside ${fileURLToPath(from)}; build again`)
    dir = up
  }
}

/** Arguments for `node` that run the network child, from the sources (through tsx) or from the bundle beside `guest`. */
export function netdArguments(from: string = import.meta.url): string[] {
  const guest = guestDir(from)
  const bundled = join(guest, '..', 'netd.js')
  if (existsSync(bundled)) return [bundled]
  return ['--import', import.meta.resolve('tsx'), join(guest, '..', 'netd-main.ts')]
}
