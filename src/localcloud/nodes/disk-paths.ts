import { createHash } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Where things are below a disk root. Images are shared by all homes of a user; the rest belongs to one home. */
export interface DiskPaths {
  readonly images: string
  readonly layers: string
  readonly home: string
  readonly nodes: string
  node(id: string): string
  /** Image file of a volume. */
  volume(id: string): string
  /** Image file of a volume's snapshot. */
  snapshot(id: string): string
}

export function diskPaths(diskRoot: string, stateDir: string): DiskPaths {
  const home = join(diskRoot, 'homes', createHash('sha256').update(stateDir).digest('hex').slice(0, 16))
  const nodes = join(home, 'nodes')
  const image = (dir: string, id: string) => join(home, dir, `${checked(id)}.img`)
  return {
    images: join(diskRoot, 'images'),
    layers: join(diskRoot, 'images', 'layers'),
    home,
    nodes,
    node: (id) => join(nodes, checked(id)),
    volume: (id) => image('volumes', id),
    snapshot: (id) => image('snapshots', id),
  }
}

function checked(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw new RangeError(`bad id ${JSON.stringify(id)}`)
  return id
}

/** Directories a process inside a node's user namespace must be able to pass through, but not list. */
export async function makePassage(...dirs: string[]): Promise<void> {
  for (const dir of dirs) {
    await mkdir(dir, { recursive: true })
    await chmod(dir, 0o711)
  }
}
