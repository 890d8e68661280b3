import type { CloudLog } from '../cloud.js'

/** What an image store tells of its base image. */
interface Image {
  readonly id: string
  readonly name: string
  readonly layers: readonly string[]
  readonly created: string
}

export interface Images {
  base(): Promise<Image | undefined>
  ensureBase(onProgress: (message: string) => void): Promise<Image>
}

/** Sees to it that the base image exists when somebody needs it, and that EC2 knows it as an AMI. */
export class BaseImageKeeper {
  private registered = false
  private building: Promise<void> | undefined
  private readonly listeners = new Set<(message: string) => void>()
  private lastSaid: string | undefined

  constructor(
    private readonly images: Images,
    private readonly register: (image: Image) => Promise<void>,
    private readonly log: CloudLog,
  ) {}

  /** False until machines can start. */
  get ready(): boolean {
    return this.registered
  }

  /** At the daemon's start: takes the image that is there, builds none. */
  async look(): Promise<void> {
    const image = await this.images.base()
    if (image) await this.take(image)
  }

  /** Builds it when there is none. Callers at once share one build, and all hear how far it is. */
  async ensure(onProgress: (message: string) => void): Promise<void> {
    if (this.registered) return
    this.listeners.add(onProgress)
    if (this.building && this.lastSaid !== undefined) onProgress(this.lastSaid)
    this.building ??= this.build().finally(() => {
      this.building = undefined
    })
    try {
      await this.building
    } finally {
      this.listeners.delete(onProgress)
    }
  }

  private async build(): Promise<void> {
    const image = await this.images.ensureBase((message) => {
      this.log.info(`base image: ${message}`)
      this.lastSaid = message
      for (const listener of this.listeners) listener(message)
    })
    await this.take(image)
  }

  private async take(image: Image): Promise<void> {
    await this.register(image)
    this.registered = true
  }
}
