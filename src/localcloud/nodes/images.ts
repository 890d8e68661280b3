import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type HostApt, readHostApt } from './apt-host.js'
import { withLock } from './build-lock.js'
import { makePassage } from './disk-paths.js'
import { buildRoot } from './image-build.js'
import { type Init, imageName, recipeId } from './image-recipe.js'
import { mustHaveOwnRoot, removeTrees } from './own-root.js'

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
}

/** The images below a disk root, shared by all local clouds of a user. Layers never change once they are here. */
export class ImageStore {
  private readonly dir: string
  private readonly layers: string
  private readonly building = new Map<Init, Promise<BaseImage>>()

  constructor(diskRoot: string) {
    this.dir = join(diskRoot, 'images')
    this.layers = join(this.dir, 'layers')
  }

  /** Images that are complete, newest first. */
  async list(): Promise<BaseImage[]> {
    const names = await readdir(this.dir).catch(() => [])
    const texts = names.filter((name) => name.endsWith('.json')).map((name) => readFile(join(this.dir, name), 'utf8'))
    const images = (await Promise.all(texts)).map((text) => JSON.parse(text) as BaseImage)
    return images.sort((a, b) => b.created.localeCompare(a.created))
  }

  /** The image for this machine's distribution, or undefined when it has still to be built. */
  async base(init: Init = 'shell'): Promise<BaseImage | undefined> {
    return this.find(recipeId((await readHostApt()).distribution, init))
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

  private async makeBase(init: Init, onProgress: (line: string) => void): Promise<BaseImage> {
    const apt = await readHostApt()
    const id = recipeId(apt.distribution, init)
    const found = await this.find(id)
    if (found) return found
    await mustHaveOwnRoot()
    await makePassage(this.dir, this.layers)
    return withLock(
      join(this.dir, 'build.lock'),
      async () => (await this.find(id)) ?? (await this.build(id, apt, init, onProgress)),
      () => onProgress('waiting for another build to end'),
    )
  }

  private async find(id: string): Promise<BaseImage | undefined> {
    const complete = await stat(join(this.layers, id))
      .then(() => true)
      .catch(() => false)
    return complete ? (await this.list()).find((image) => image.id === id) : undefined
  }

  private async build(id: string, apt: HostApt, init: Init, onProgress: (line: string) => void): Promise<BaseImage> {
    await this.removeRemains()
    const name = imageName(apt.distribution, init)
    const work = join(this.dir, `build-${randomBytes(6).toString('hex')}`)
    await mkdir(work, { mode: 0o711 })
    try {
      onProgress(`building image ${name} from this machine's package sources`)
      const root = await buildRoot(work, apt, init, onProgress)
      const image: BaseImage = { id, name, layers: [id], created: new Date().toISOString() }
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
      if (name.startsWith('build-')) await removeTrees(join(this.dir, name))
    }
  }
}
