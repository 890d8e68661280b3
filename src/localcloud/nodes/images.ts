import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type HostApt, readHostApt } from './apt-host.js'
import { withLock } from './build-lock.js'
import { makePassage } from './disk-paths.js'
import { requireRoom } from './disk-room.js'
import { buildRoot } from './image-build.js'
import { type Init, imageName, recipeId } from './image-recipe.js'
import { missingLayers } from './layer-check.js'
import { mustHaveOwnRoot, removeTrees } from './own-root.js'
import { layersInUse, refreshListsNow } from './package-lists.js'

/** An image that nodes can start from. */
export interface BaseImage {
  /** Stable: the same distribution and recipe give the same id. */
  readonly id: string
  /** What it is: `debian-12`. */
  readonly name: string
  /** Layer ids, topmost first. */
  readonly layers: readonly string[]
  /** ISO date. */
  readonly created: string
  /** What it was made by; missing: its id. Images of one recipe differ in the versions of their packages. */
  readonly recipe?: string
}

/** What a build makes, of what. */
interface Plan {
  readonly apt: HostApt
  readonly init: Init
  readonly recipe: string
  readonly onProgress: (line: string) => void
}

/** The images below a disk root, shared by all local clouds of a user. Layers never change once they are here. */
export class ImageStore {
  private readonly dir: string
  private readonly layers: string
  private readonly homes: string
  private readonly building = new Map<Init, Promise<BaseImage>>()

  constructor(diskRoot: string) {
    this.dir = join(diskRoot, 'images')
    this.layers = join(this.dir, 'layers')
    this.homes = join(diskRoot, 'homes')
  }

  /** Images that are complete, newest first. */
  async list(): Promise<BaseImage[]> {
    const names = await readdir(this.dir).catch(() => [])
    const files = names.filter((name) => name.endsWith('.json')).map((name) => readImage(join(this.dir, name)))
    const images = (await Promise.all(files)).filter((image) => image !== undefined)
    const whole = await Promise.all(images.map((image) => this.isComplete(image)))
    return images.filter((_, at) => whole[at]).sort((a, b) => b.created.localeCompare(a.created))
  }

  /** Whether machines can start from it: somebody may have deleted it by hand. */
  async isComplete(image: Pick<BaseImage, 'id' | 'layers'>): Promise<boolean> {
    const paths = [join(this.dir, `${image.id}.json`), ...image.layers.map((layer) => join(this.layers, layer))]
    const there = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)))
    return there.every((one) => one !== undefined)
  }

  /** The newest image for this machine's distribution, or undefined when it has still to be built. */
  async base(init: Init = 'shell'): Promise<BaseImage | undefined> {
    return this.newest(recipeId((await readHostApt()).distribution, init))
  }

  /**
   * The image for this machine's distribution, built when there is none (about a minute).
   * A build that was cut short leaves nothing in the way; of two at once one builds and the other waits for it.
   * @throws LocalCloudError NoPackageSources, ImageBuildFailed
   */
  ensureBase(onProgress: (line: string) => void = () => undefined, init: Init = 'shell'): Promise<BaseImage> {
    const building =
      this.building.get(init) ?? this.makeBase(init, onProgress).finally(() => this.building.delete(init))
    this.building.set(init, building)
    return building
  }

  /**
   * Builds the image anew, with the packages of today, though there is one. Machines and images stay on the one they stand
   * on; those that nobody stands on any more are removed.
   * @throws LocalCloudError NoPackageSources, ImageBuildFailed, NoSpace; then the image there was is used as before
   */
  async rebuildBase(onProgress: (line: string) => void, init: Init = 'shell'): Promise<BaseImage> {
    const plan = await this.plan(init, onProgress)
    return this.locked(onProgress, async () => {
      const digits = new Date().toISOString().replace(/[^0-9]/g, '')
      const image = await this.build(`${plan.recipe}.${digits.slice(0, 14)}`, plan)
      await this.removeSuperseded(image, onProgress)
      return image
    })
  }

  private async makeBase(init: Init, onProgress: (line: string) => void): Promise<BaseImage> {
    const recipe = recipeId((await readHostApt()).distribution, init)
    const found = await this.newest(recipe)
    if (found && (await this.goneInUse(recipe)).length === 0) return found
    const plan = await this.plan(init, onProgress)
    return this.locked(onProgress, async () => {
      // Under its old name, so that machines that stand on it can start again.
      for (const gone of await this.goneInUse(recipe)) await this.build(gone, plan)
      return (await this.newest(recipe)) ?? (await this.build(recipe, plan))
    })
  }

  private async plan(init: Init, onProgress: (line: string) => void): Promise<Plan> {
    const apt = await readHostApt()
    await this.prepare()
    return { apt, init, recipe: recipeId(apt.distribution, init), onProgress }
  }

  private async prepare(): Promise<void> {
    await mustHaveOwnRoot()
    await makePassage(this.dir, this.layers)
  }

  private locked<T>(onProgress: (line: string) => void, act: () => Promise<T>): Promise<T> {
    return withLock(join(this.dir, 'build.lock'), act, () => onProgress('waiting for another build to end'))
  }

  private async newest(recipe: string): Promise<BaseImage | undefined> {
    return (await this.list()).find((image) => (image.recipe ?? image.id) === recipe)
  }

  /** Layers of a recipe that disks stand on and that were deleted by hand. */
  private async goneInUse(recipe: string): Promise<string[]> {
    const used = [...(await layersInUse(this.homes))].filter((name) => name === recipe || name.startsWith(`${recipe}.`))
    return missingLayers(this.layers, used.join(','))
  }

  /** Fetches the package lists now, for machines made from now on. @throws LocalCloudError as apt says */
  async refreshLists(image: Pick<BaseImage, 'layers'>): Promise<void> {
    await this.prepare()
    await refreshListsNow(this.dir, image.layers.at(-1) ?? '')
  }

  private async removeSuperseded(kept: BaseImage, onProgress: (line: string) => void): Promise<void> {
    const used = await layersInUse(this.homes)
    for (const image of await this.list()) {
      if (image.id === kept.id || image.name !== kept.name || image.layers.some((layer) => used.has(layer))) continue
      await rm(join(this.dir, `${image.id}.json`), { force: true })
      const lists = (await readdir(this.layers)).filter(
        (name) => name.startsWith(`lists-${image.id}-`) && !used.has(name),
      )
      await removeTrees(...[...image.layers, ...lists].map((layer) => join(this.layers, layer)))
      onProgress(`removed ${image.id}, which nobody used any more`)
    }
  }

  private async build(id: string, { apt, init, recipe, onProgress }: Plan): Promise<BaseImage> {
    await this.removeRemains()
    await requireRoom(this.dir, 'to build an image')
    const name = imageName(apt.distribution, init)
    const work = join(this.dir, `build-${randomBytes(6).toString('hex')}`)
    await mkdir(work, { mode: 0o711 })
    try {
      onProgress(`building image ${name} from this machine's package sources`)
      const root = await buildRoot(work, apt, init, onProgress)
      const image: BaseImage = { id, name, layers: [id], created: new Date().toISOString(), recipe }
      await writeFile(join(work, 'image.json'), JSON.stringify(image))
      await removeTrees(join(this.layers, id))
      await rename(root, join(this.layers, id))
      await rename(join(work, 'image.json'), join(this.dir, `${id}.json`))
      onProgress(`image ${name} is ready`)
      return image
    } finally {
      await removeTrees(work)
    }
  }

  /** What killed builders left. Only called with the lock held, so none of it is in use. */
  private async removeRemains(): Promise<void> {
    for (const name of await readdir(this.dir)) {
      if (/^build-[0-9a-f]{12}$/.test(name)) await removeTrees(join(this.dir, name))
    }
  }
}

/** undefined for what somebody spoiled: it counts as not built. */
async function readImage(file: string): Promise<BaseImage | undefined> {
  try {
    const image = JSON.parse(await readFile(file, 'utf8')) as BaseImage
    return Array.isArray(image.layers) ? image : undefined
  } catch {
    return undefined
  }
}
