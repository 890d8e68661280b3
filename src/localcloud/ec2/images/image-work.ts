import type { Cloud } from '../../cloud.js'
import { lifecycleOf } from '../instances/lifecycle.js'
import { own } from '../resource-ids.js'
import type { ImageRecord, InstanceRecord } from '../state.js'

/** Makes pending images available, and deletes layers that nothing stands on any more; after the state is saved. */
export class ImageWork {
  private readonly waiting = new Set<string>()
  private readonly running = new Set<Promise<void>>()
  /** Images whose layer is being made and that are no records yet. */
  private readonly importing = new Set<string>()
  private untidy = false

  constructor(private readonly cloud: Cloud) {
    lifecycleOf(cloud).onTerminated = () => {
      this.tidy()
      this.wake()
    }
  }

  /** Remembers that an image has to be made; work begins with the next `wake`. */
  due(id: string): void {
    this.waiting.add(id)
  }

  /** Runs an act that makes the layer of an image and then its record: until it ends nobody tidies the layer away. */
  async whileImporting<T>(id: string, act: () => Promise<T>): Promise<T> {
    this.importing.add(id)
    try {
      return await act()
    } finally {
      this.importing.delete(id)
    }
  }

  /** Remembers that layers may have lost their last user. */
  tidy(): void {
    this.untidy = true
  }

  wake(): void {
    const ids = [...this.waiting]
    this.waiting.clear()
    for (const id of ids) this.track(this.make(id))
    if (!this.untidy) return
    this.untidy = false
    this.track(this.removeUnused())
  }

  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running)
  }

  /** An image that was being made when the cloud ended will not be. */
  failInterrupted(): void {
    for (const image of Object.values(this.cloud.state.ec2.images)) {
      if (image.state === 'pending') this.fail(image, 'the local cloud ended while the image was made')
    }
  }

  private track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.cloud.log.error(`images: ${messageOf(error)}`))
      .finally(() => this.running.delete(tracked))
    this.running.add(tracked)
  }

  private async make(id: string): Promise<void> {
    const image = own(this.cloud.state.ec2.images, id)
    const instance = own(this.cloud.state.ec2.instances, image?.sourceInstanceId ?? '')
    if (image?.state !== 'pending') return
    try {
      if (!instance) throw new Error('the instance is gone')
      const layer = await lifecycleOf(this.cloud).alone([instance.id], () => this.capture(image, instance))
      image.layers = [layer, ...image.layers]
      image.state = 'available'
      delete image.noReboot
    } catch (error) {
      this.fail(image, messageOf(error))
    }
    // Deregistered meanwhile: then its layer has no user.
    this.tidy()
    await this.cloud.commit()
    this.wake()
  }

  private async capture(image: ImageRecord, instance: InstanceRecord): Promise<string> {
    const { engine } = this.cloud
    if (instance.state !== 'running' && instance.state !== 'stopped') throw new Error(`it is ${instance.state}`)
    if (image.noReboot || instance.state === 'stopped') return engine.disks.capture(instance.id, image.id)
    instance.rebootRequested = true // a cloud that ends now starts the machine again
    await this.cloud.commit()
    await engine.stop(instance.id)
    try {
      return await engine.disks.capture(instance.id, image.id)
    } finally {
      await lifecycleOf(this.cloud).bootAgain(instance)
    }
  }

  private fail(image: ImageRecord, why: string): void {
    this.cloud.log.error(`image ${image.id} could not be made: ${why}`)
    image.state = 'failed'
    image.stateReason = { code: 'Server.InternalError', message: `Server.InternalError: ${why}` }
  }

  private async removeUnused(): Promise<void> {
    const { ec2 } = this.cloud.state
    const { disks } = this.cloud.engine
    const layers = await disks.layers()
    const pending = Object.values(ec2.images).filter((image) => image.state === 'pending')
    const making = [...pending.map(({ id }) => id), ...this.importing]
    const used = new Set<string>()
    for (const image of Object.values(ec2.images)) for (const layer of image.layers) used.add(layer)
    for (const instance of Object.values(ec2.instances)) {
      if (instance.state !== 'terminated') for (const layer of instance.layers) used.add(layer)
    }
    for (const layer of layers) {
      if (used.has(layer) || making.some((id) => layer.endsWith(id))) continue
      await disks.removeLayer(layer)
    }
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const works = new WeakMap<Cloud, ImageWork>()

/** The one worker on images of a cloud. */
export function imageWorkOf(cloud: Cloud): ImageWork {
  let work = works.get(cloud)
  if (!work) works.set(cloud, (work = new ImageWork(cloud)))
  return work
}
