import type { Cloud } from '../../cloud.js'
import { lifecycleOf } from '../instances/lifecycle.js'
import { own } from '../resource-ids.js'
import { dropSnapshot } from '../snapshots/describe-snapshots.js'
import type { ImageRecord, InstanceRecord } from '../state.js'
import { inOrder } from '../volumes/engine-steps.js'
import { volumeWorkOf } from '../volumes/volume-work.js'
import { snapshotsFor } from './image-volumes.js'

/** Makes pending images available, and deletes layers that nothing stands on any more; after the state is saved. */
export class ImageWork {
  private readonly waiting = new Set<string>()
  private readonly running = new Set<Promise<void>>()
  /** Images whose layer is being made and that are no records yet. */
  private readonly importing = new Set<string>()
  private untidy = false
  private tidying = false

  constructor(private readonly cloud: Cloud) {
    const freed = () => {
      this.tidy()
      this.wake()
    }
    lifecycleOf(cloud).onTerminated = freed
    volumeWorkOf(cloud).onLayersFreed = freed
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
    if (!this.untidy || this.tidying) return
    this.tidying = true
    this.track(this.tidyUp())
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
      this.completeSnapshots(image)
    } catch (error) {
      this.fail(image, messageOf(error))
    }
    // Deregistered meanwhile: then its layer has no user.
    this.tidy()
    await this.cloud.commit()
    volumeWorkOf(this.cloud).wake()
    this.wake()
  }

  private async capture(image: ImageRecord, instance: InstanceRecord): Promise<string> {
    const { engine } = this.cloud
    if (instance.state !== 'running' && instance.state !== 'stopped') throw new Error(`it is ${instance.state}`)
    if (image.noReboot || instance.state === 'stopped') return this.copy(image, instance)
    instance.rebootRequested = true // a cloud that ends now starts the machine again
    await this.cloud.commit()
    await engine.stop(instance.id)
    try {
      return await this.copy(image, instance)
    } finally {
      await lifecycleOf(this.cloud).bootAgain(instance)
    }
  }

  /** The disk as a layer, and what the snapshots of the other volumes hold. -> the layer */
  private async copy(image: ImageRecord, instance: InstanceRecord): Promise<string> {
    const { disks, volumes } = this.cloud.engine
    const layer = await disks.capture(instance.id, image.id)
    for (const { volumeId, content } of snapshotsFor(this.cloud, image.id)) {
      if (content === undefined) continue
      await inOrder(this.cloud, volumeId, () => volumes.snapshot(volumeId, content))
    }
    return layer
  }

  private completeSnapshots(image: ImageRecord): void {
    for (const snapshot of snapshotsFor(this.cloud, image.id)) {
      snapshot.state = 'completed'
      snapshot.completedAt = this.cloud.now().toISOString()
      if (snapshot.layers) snapshot.layers = [...image.layers]
      delete snapshot.forImage
    }
  }

  private fail(image: ImageRecord, why: string): void {
    this.cloud.log.error(`image ${image.id} could not be made: ${why}`)
    image.state = 'failed'
    image.stateReason = { code: 'Server.InternalError', message: `Server.InternalError: ${why}` }
    delete image.rootSnapshotId
    delete image.volumes
    for (const snapshot of snapshotsFor(this.cloud, image.id)) dropSnapshot(this.cloud, snapshot)
  }

  /** One look for all that ended meanwhile: thousands of machines may end at once. */
  private async tidyUp(): Promise<void> {
    try {
      while (this.untidy) {
        await new Promise((resolve) => setImmediate(resolve))
        this.untidy = false
        await this.removeUnused()
      }
    } finally {
      this.tidying = false
    }
  }

  private async removeUnused(): Promise<void> {
    const { ec2 } = this.cloud.state
    const { disks } = this.cloud.engine
    const layers = await disks.layers()
    if (layers.length === 0) return
    const pending = Object.values(ec2.images).filter((image) => image.state === 'pending')
    const snapshots = Object.values(ec2.snapshots)
    const taking = snapshots.filter(({ state, layers: of }) => of && (state === 'pending' || state === 'deleting'))
    const making = [...[...pending, ...taking].map(({ id }) => id), ...this.importing]
    const used = new Set<string>()
    // Base images are looked after by their store: one that nothing stands on may be replaced.
    for (const { base, layers: of } of Object.values(ec2.images)) if (!base) for (const layer of of) used.add(layer)
    for (const instance of Object.values(ec2.instances)) {
      if (instance.state !== 'terminated') for (const layer of instance.layers) used.add(layer)
    }
    for (const { layers: of = [] } of [...snapshots, ...Object.values(ec2.volumes)])
      for (const layer of of) used.add(layer)
    await disks.keep([...used])
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
