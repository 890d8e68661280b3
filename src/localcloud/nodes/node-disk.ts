import { mkdir, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makePassage } from './disk-paths.js'
import type { InstanceMetadata, NodeSpec } from './engine.js'
import { mustRunHost } from './host-command.js'
import { giveToNodeRoot, nodeRoot } from './ids.js'
import type { ImageLogin } from './image-login.js'
import { removeTrees } from './own-root.js'
import { writeSeedLayer } from './seed-layer.js'

/** As the root volume of Amazon's images. The file is sparse: it takes what the node writes. */
const DISK_GIB = 8
/** Making the file system of a larger one takes long, and no computer this is for has more to give. */
const MOST_GIB = 1024

/**
 * A node's directory: `disk.img` (a file system of its own, so that a node can fill its disk but not the host's),
 * `fs` and `root` (where the holder mounts it and the overlay), `seed` (the topmost layer), `layers`, `console.log`.
 */
export async function makeDisk(
  dir: string,
  spec: NodeSpec,
  lower: readonly string[],
  metadata: InstanceMetadata | undefined,
  login: ImageLogin,
): Promise<void> {
  const work = `${dir}.new`
  await removeTrees(work)
  await makePassage(work)
  for (const name of ['fs', 'root']) await mkdir(join(work, name), { mode: 0o755 })
  await giveToNodeRoot(join(work, 'fs'))
  await giveToNodeRoot(join(work, 'root'))
  if (await loopDevicesWork()) await makeImage(join(work, 'disk.img'), Math.min(spec.diskGiB ?? DISK_GIB, MOST_GIB))
  await writeSeedLayer(join(work, 'seed'), spec, metadata, login)
  await writeFile(join(work, 'layers'), `${[`/disks/nodes/${spec.id}/seed`, ...lower].join(',')}\n`)
  await rename(work, dir)
}

/** Layers of an existing disk as the supervisor wants them; undefined: there is no disk. */
export async function diskLayers(dir: string): Promise<string | undefined> {
  try {
    return (await readFile(join(dir, 'layers'), 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Of those, the ids of layers in the image store. */
export const layerIds = (lower: string): string[] =>
  lower.split(',').filter((layer) => /^[A-Za-z0-9][\w.-]*$/.test(layer))

async function makeImage(path: string, gib: number): Promise<void> {
  await writeFile(path, '')
  await truncate(path, gib * 2 ** 30)
  const owner = nodeRoot()
  const options = `lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=${owner}:${owner}`
  await mustRunHost('mkfs.ext4', ['-q', '-F', '-m', '0', '-J', 'size=16', '-O', '^resize_inode', '-E', options, path])
}

/** Only root may use them, and in some containers not even root. Then a node's disk is a directory without a limit. */
export async function loopDevicesWork(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  return stat('/dev/loop-control')
    .then(() => true)
    .catch(() => false)
}
