import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import { giveToNodeRoot } from './ids.js'

/** The layers below a disk's own directories, of its `layers` line. */
export const layersOf = (line: string) => line.split(',').filter((word) => /^[^@/]/.test(word))

/** Those of them that are not there. */
export async function missingLayers(layersDir: string, line: string): Promise<string[]> {
  const names = layersOf(line)
  const there = await Promise.all(names.map((name) => stat(join(layersDir, name)).catch(() => undefined)))
  return names.filter((_, at) => !there[at])
}

/**
 * Sees to it that the layers of a disk are there before it is mounted: somebody may have deleted them by hand. Package
 * lists and our own programs are replaced; an image is not.
 *
 * @param ensureGuest makes the layer of our programs as they are now, if it is missing
 * @throws LocalCloudError LayerMissing with the way on
 */
export async function requireLayers(
  layersDir: string,
  line: string,
  ensureGuest: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  for (const name of await missingLayers(layersDir, line)) {
    if (name.startsWith('lists-')) await makeEmpty(join(layersDir, name))
    if (name.startsWith('guest-')) await ensureGuest()
  }
  const [missing] = await missingLayers(layersDir, line)
  if (missing !== undefined) throw layerMissing(layersDir, missing)
}

export function layerMissing(layersDir: string, name: string): LocalCloudError {
  const own = /^(?:image|guest)-/.test(name)
  const way = own
    ? 'put it back, or terminate the machines that stand on it'
    : '"starcluster local image build" makes it again; then stop and start the machines that stand on it'
  return new LocalCloudError('LayerMissing', `the image layer ${name} is gone from ${layersDir}: ${way}`)
}

async function makeEmpty(dir: string): Promise<void> {
  await mkdir(join(dir, 'var/lib/apt/lists'), { recursive: true, mode: 0o755 })
  await giveToNodeRoot(dir)
}

/**
 * Whether a disk stands on other directories than when it was mounted last, though they have the same names: made again
 * after somebody had deleted them. A mount of then does not see them. Remembers what it stands on now.
 */
export async function layersReplaced(dir: string, layersDir: string, line: string): Promise<boolean> {
  const file = join(dir, 'stands-on')
  const seen = await Promise.all(
    layersOf(line).map(async (name) => {
      const { ino, birthtimeMs } = await stat(join(layersDir, name))
      return `${name} ${ino} ${birthtimeMs}\n`
    }),
  )
  const before = await readFile(file, 'utf8').catch(() => undefined)
  const now = seen.join('')
  if (before !== now) await writeFile(file, now)
  return before !== undefined && before !== now
}
