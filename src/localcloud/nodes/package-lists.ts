import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CloudLog } from '../cloud.js'
import { type HostApt, readHostApt } from './apt-host.js'
import { withLock } from './build-lock.js'
import { requireRoom } from './disk-room.js'
import { mustRunHost } from './host-command.js'
import { giveToNodeRoot } from './ids.js'
import { removeTrees } from './own-root.js'
import { formatSources } from './package-sources.js'

const DAY_MS = 24 * 3600 * 1000
const RETRY_AFTER_MS = 3600 * 1000
const KEEP = 3

/**
 * Package lists newer than an image's own, in a layer between it and the node: one refresh for all nodes, so that
 * `apt-get install` works at the first try and no node needs an update.
 * @returns the layer to put directly above the image's lowest one, or undefined while the image's own lists are fresh
 */
export async function refreshPackageLists(
  imagesDir: string,
  baseLayer: string,
  options: { maxAgeMs?: number; log: CloudLog; deadlineMs?: number },
): Promise<string | undefined> {
  const { maxAgeMs = DAY_MS, log } = options
  const layers = join(imagesDir, 'layers')
  const newest = async () => (await listLayers(layers, baseLayer))[0]
  const fresh = async (layer: string) => Date.now() - (await stat(join(layers, layer, LISTS))).mtimeMs < maxAgeMs
  const found = await newest()
  if (await fresh(found ?? baseLayer)) return found
  if (await triedLately(imagesDir)) return found
  return withLock(join(imagesDir, 'lists.lock'), async () => {
    const other = await newest()
    if (other !== found) return other
    try {
      const made = await update(imagesDir, baseLayer, options.deadlineMs ?? 60_000)
      await prune(layers, baseLayer)
      return made
    } catch (error) {
      log.warn(`package lists could not be refreshed, older ones are used: ${(error as Error).message}`)
      await writeFile(join(imagesDir, 'lists.failed'), '')
      return found
    }
  })
}

/** Fetches the lists whatever their age. @throws LocalCloudError HostCommandFailed; then the older ones stay in use */
export async function refreshListsNow(imagesDir: string, baseLayer: string): Promise<string> {
  return withLock(join(imagesDir, 'lists.lock'), async () => {
    const made = await update(imagesDir, baseLayer, 120_000)
    await prune(join(imagesDir, 'layers'), baseLayer)
    await rm(join(imagesDir, 'lists.failed'), { force: true })
    return made
  })
}

const LISTS = 'var/lib/apt/lists'
const nameFor = (baseLayer: string) => `lists-${baseLayer}-`

/** Newest first. */
async function listLayers(layers: string, baseLayer: string): Promise<string[]> {
  return (await readdir(layers))
    .filter((name) => name.startsWith(nameFor(baseLayer)))
    .sort()
    .reverse()
}

/** A machine without a network should not wait for it at every start. */
async function triedLately(imagesDir: string): Promise<boolean> {
  const failed = await stat(join(imagesDir, 'lists.failed')).catch(() => undefined)
  return failed !== undefined && Date.now() - failed.mtimeMs < RETRY_AFTER_MS
}

/** The host's apt fetches into a directory of ours; its own lists and settings are not touched. */
async function update(imagesDir: string, baseLayer: string, deadlineMs: number): Promise<string> {
  const apt = await readHostApt()
  await removeRemains(imagesDir)
  await requireRoom(imagesDir, 'for package lists')
  const work = join(imagesDir, `lists-${randomBytes(6).toString('hex')}`)
  try {
    const tree = join(work, 'tree')
    await mkdir(join(tree, LISTS, 'partial'), { recursive: true })
    await writeAptFiles(work, apt)
    await mustRunHost('setpriv', ['--pdeathsig', 'KILL', 'apt-get', 'update', ...aptOptions(work, tree)], {
      deadlineMs,
      env: { ...process.env, APT_CONFIG: join(work, 'apt.conf') },
    })
    for (const name of ['lock', 'partial', 'auxfiles'])
      await rm(join(tree, LISTS, name), { recursive: true, force: true })
    if ((await readdir(join(tree, LISTS))).length === 0) throw new Error('apt-get update fetched nothing')
    await mustRunHost('chmod', ['-R', 'u=rwX,go=rX', work])
    const now = new Date()
    await utimes(join(tree, LISTS), now, now)
    await giveToNodeRoot(tree)
    const name = `${nameFor(baseLayer)}${now.toISOString().replace(/[^0-9]/g, '')}`
    await rename(tree, join(imagesDir, 'layers', name))
    return name
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** What killed refreshes left. Only called with the lock held, so none of it is in use. */
async function removeRemains(imagesDir: string): Promise<void> {
  for (const name of await readdir(imagesDir)) {
    if (/^lists-[0-9a-f]{12}$/.test(name)) await removeTrees(join(imagesDir, name))
  }
}

async function writeAptFiles(work: string, apt: HostApt): Promise<void> {
  await writeFile(join(work, 'host.sources'), formatSources(apt.sources))
  // The host's own settings and hooks are not read: they are about the host.
  const settings = ['Dir::Etc::Main "/dev/null";', 'Dir::Etc::Parts "/dev/null";', ...apt.settings]
  await writeFile(join(work, 'apt.conf'), `${settings.join('\n')}\n`)
}

function aptOptions(work: string, tree: string): string[] {
  const settings = {
    'Dir::Etc::SourceList': join(work, 'host.sources'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(tree, LISTS),
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': 'root',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** Layers of disks that exist stay: each names its layers in a file. The newest few stay as well. */
async function prune(layers: string, baseLayer: string): Promise<void> {
  const used = await layersInUse(join(layers, '../../homes'))
  for (const name of (await listLayers(layers, baseLayer)).slice(KEEP)) {
    if (!used.has(name)) await removeTrees(join(layers, name))
  }
}

/** In a home's directory: layers that its images stand on, one a line. */
export const KEPT_LAYERS = 'kept-layers'

/** Every layer that a disk or an image of any home below `homesDir` stands on. */
export async function layersInUse(homesDir: string): Promise<Set<string>> {
  const used = new Set<string>()
  for (const home of await readdir(homesDir).catch(() => [])) {
    const kept = await readFile(join(homesDir, home, KEPT_LAYERS), 'utf8').catch(() => '')
    for (const layer of kept.split('\n').filter(Boolean)) used.add(layer)
    const nodes = join(homesDir, home, 'nodes')
    for (const node of await readdir(nodes).catch(() => [])) {
      const text = await readFile(join(nodes, node, 'layers'), 'utf8').catch(() => '')
      for (const layer of text.trim().split(',')) used.add(layer)
    }
  }
  return used
}
