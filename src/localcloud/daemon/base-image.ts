import type { CloudLog } from '../cloud.js'
import { LocalCloudError } from '../local-error.js'

/** What an image store tells of its base image. */
interface Image {
  readonly id: string
  readonly name: string
  readonly layers: readonly string[]
  readonly created: string
}

type Say = (message: string) => void

export interface Images {
  base(): Promise<Image | undefined>
  /** All that are there; missing: nobody can take one away. */
  list?(): Promise<readonly Image[]>
  isComplete?(image: Image): Promise<boolean>
  ensureBase(onProgress: Say): Promise<Image>
  rebuildBase?(onProgress: Say): Promise<Image>
  refreshLists?(image: Image): Promise<void>
}

interface Registry {
  /** Makes an image the one that machines start from; of the others that EC2 knows, only these are still there. */
  register(image: Image, present: readonly Image[] | undefined): Promise<void>
  /** Whether there are other images that machines can start from. */
  hasOthers(): boolean
}

/** Sees to it that the base image exists when somebody needs it, and that EC2 knows it as an AMI. */
export class BaseImageKeeper {
  private current: Image | undefined
  private building: Promise<void> | undefined
  private readonly listeners = new Set<Say>()
  private lastSaid: string | undefined

  constructor(
    private readonly images: Images,
    private readonly registry: Registry,
    private readonly log: CloudLog,
  ) {}

  /** Whether machines can start from it now: it may be deleted by hand at any time. */
  async isReady(): Promise<boolean> {
    return this.current !== undefined && (await this.images.isComplete?.(this.current)) !== false
  }

  /** At the daemon's start: takes the image that is there, builds none. */
  async look(): Promise<void> {
    const image = await this.images.base()
    if (image) await this.take(image)
  }

  /** Builds it when there is none. Callers at once share one build, and all hear how far it is. */
  async ensure(onProgress: Say): Promise<void> {
    if (await this.isReady()) return
    await this.share(onProgress, (say) => this.images.ensureBase(say))
  }

  /** Like `ensure`, and builds images again that machines stand on and that were deleted by hand. */
  build(onProgress: Say): Promise<void> {
    return this.share(onProgress, (say) => this.images.ensureBase(say))
  }

  /** Builds a new one with the packages of today; machines stay on theirs. */
  async rebuild(onProgress: Say): Promise<void> {
    while (this.building) await this.building.catch(() => undefined) // that one may be of older packages
    const { images } = this
    if (!images.rebuildBase) throw notHere('rebuilt')
    await this.share(onProgress, (say) => images.rebuildBase!(say))
  }

  /** Fetches package lists for machines made from now on. */
  async refresh(onProgress: Say): Promise<void> {
    if (!this.images.refreshLists) throw notHere('refreshed')
    await this.ensure(onProgress)
    if (this.current) await this.images.refreshLists(this.current)
  }

  private async share(onProgress: Say, make: (say: Say) => Promise<Image>): Promise<void> {
    this.listeners.add(onProgress)
    if (this.building && this.lastSaid !== undefined) onProgress(this.lastSaid)
    this.building ??= this.make(make).finally(() => {
      this.building = undefined
    })
    try {
      await this.building
    } catch (error) {
      if (!this.canDoWithout(error)) throw error
      onProgress(`no base image: ${(error as Error).message}; machines can start from the other images (-n IMAGE)`)
    } finally {
      this.listeners.delete(onProgress)
    }
  }

  /** Where no base image can be built, imported ones do as well. */
  private canDoWithout(error: unknown): boolean {
    return error instanceof LocalCloudError && error.code === 'NoPackageSources' && this.registry.hasOthers()
  }

  private async make(make: (say: Say) => Promise<Image>): Promise<void> {
    const image = await make((message) => {
      this.log.info(`base image: ${message}`)
      this.lastSaid = message
      for (const listener of this.listeners) listener(message)
    })
    await this.take(image)
  }

  private async take(image: Image): Promise<void> {
    await this.registry.register(image, await this.images.list?.())
    this.current = image
  }
}

const notHere = (what: string) =>
  new LocalCloudError('Unsupported', `images in a container cannot be ${what}`, {
    hint: 'starcluster local reset --images removes machines and images; the next start builds one',
  })
