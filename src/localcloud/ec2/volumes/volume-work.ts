import type { Cloud } from '../../cloud.js'
import { lifecycleOf } from '../instances/lifecycle.js'
import { own } from '../resource-ids.js'
import type { InstanceRecord } from '../state.js'
import { forgetTags } from '../tags/tags.js'
import { Workers } from '../workers.js'
import { unlink } from './attachments.js'
import { devicePath } from './device-names.js'
import { inOrder, makeVolume, pendingSnapshots, releaseContent, removeVolume, takeSnapshots } from './engine-steps.js'
import type { AttachmentRecord, VolumeRecord } from './records.js'
import { settingsOf } from './records.js'

/** How soon a detachment that the instance holds up is tried again. */
const BUSY_MS = 500

/**
 * Makes volumes and snapshots follow their records, as the lifecycle does for instances: each has one worker, which reads
 * what to do from the saved state before each step, so that a daemon that was killed goes on from there.
 */
export class VolumeWork extends Workers {
  private readonly timers = new Set<NodeJS.Timeout>()
  /** Called when image layers may have lost their last user. */
  onLayersFreed: () => void = () => undefined

  constructor(private readonly cloud: Cloud) {
    super()
  }

  override async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer)
    await super.close()
  }

  protected async drive(id: string): Promise<void> {
    for (let moved = true; moved && !this.closed; ) {
      const volume = own(this.cloud.state.ec2.volumes, id)
      moved = volume ? await this.step(volume) : await this.endSnapshot(id)
      if (moved) await this.cloud.commit().catch((error: unknown) => this.failed(id, error))
    }
  }

  /** -> whether there may be another step */
  private async step(volume: VolumeRecord): Promise<boolean> {
    if (volume.state === 'creating') return this.tried(volume.id, () => makeVolume(this.cloud, volume))
    if (volume.modification?.state === 'modifying') return this.modify(volume)
    if (pendingSnapshots(this.cloud, volume.id).length > 0) return this.snapshot(volume)
    const { attachment } = volume
    if (attachment?.state === 'attaching') return this.attach(volume, attachment)
    if (attachment?.state === 'detaching' || attachment?.state === 'busy') return this.detach(volume, attachment)
    if (volume.state === 'deleting') return this.remove(volume)
    return false
  }

  private modify(volume: VolumeRecord): Promise<boolean> {
    return inOrder(this.cloud, volume.id, async () => {
      const { modification } = volume
      if (modification?.state !== 'modifying') return true
      const { to } = modification
      try {
        if (to.size > volume.size) await this.cloud.engine.volumes.grow(volume.id, to.size)
        volume.size = to.size
        volume.type = to.type
        delete volume.iops
        delete volume.throughput
        Object.assign(volume, settingsOf(to))
        modification.state = 'completed'
      } catch (error) {
        modification.state = 'failed'
        modification.message = messageOf(error)
        this.failed(volume.id, error)
      }
      modification.endedAt = this.cloud.now().toISOString()
      return true
    })
  }

  private async snapshot(volume: VolumeRecord): Promise<boolean> {
    const act = () => inOrder(this.cloud, volume.id, () => takeSnapshots(this.cloud, volume))
    await (volume.rootOf === undefined ? act() : lifecycleOf(this.cloud).alone([volume.rootOf], act))
    return true
  }

  /** What is stopped gets the volume with its next boot; what boots now, or ends, sees to it itself. */
  private attach(volume: VolumeRecord, attachment: AttachmentRecord): Promise<boolean> {
    const { ec2 } = this.cloud.state
    return this.withInstance(volume, attachment, 'attaching', async (instance) => {
      if (instance?.state !== 'running' && instance?.state !== 'stopped') return false
      try {
        const shown = { volume: volume.id, device: devicePath(attachment.device) }
        if (instance.state === 'running') await this.cloud.engine.volumes.attach(instance.id, shown)
        // It may be asked back meanwhile.
        if (attachment.state === 'attaching') attachment.state = 'attached'
      } catch (error) {
        this.failed(volume.id, error)
        unlink(ec2, volume)
        volume.state = 'available'
        volume.failure = `could not be attached: ${messageOf(error)}`
      }
      return true
    })
  }

  private detach(volume: VolumeRecord, attachment: AttachmentRecord): Promise<boolean> {
    const { id } = volume
    return this.withInstance(volume, attachment, attachment.state, async () => {
      try {
        const force = attachment.force === true
        if (await this.cloud.engine.volumes.detach(attachment.instanceId, id, { force })) {
          unlink(this.cloud.state.ec2, volume)
          if (volume.state === 'in-use') volume.state = 'available'
          return true
        }
        attachment.state = 'busy'
        this.later(id)
      } catch (error) {
        this.failed(id, error)
        attachment.state = 'attached'
      }
      await this.cloud.commit()
      return false
    })
  }

  /** Runs an act when neither the instance nor the volume does anything else, if the attachment is still as it was. */
  private withInstance(
    volume: VolumeRecord,
    attachment: AttachmentRecord,
    state: AttachmentRecord['state'],
    act: (instance: InstanceRecord | undefined) => Promise<boolean>,
  ): Promise<boolean> {
    const { instanceId } = attachment
    return lifecycleOf(this.cloud).alone([instanceId], () =>
      inOrder(this.cloud, volume.id, async () => {
        if (volume.attachment !== attachment || attachment.state !== state) return true
        return act(own(this.cloud.state.ec2.instances, instanceId))
      }),
    )
  }

  private remove(volume: VolumeRecord): Promise<boolean> {
    return inOrder(this.cloud, volume.id, async () => {
      if (volume.state !== 'deleting') return true
      try {
        await removeVolume(this.cloud, volume)
        if (volume.layers) this.onLayersFreed()
      } catch (error) {
        this.failed(volume.id, error)
        volume.state = 'available'
      }
      return true
    })
  }

  /** -> false: nothing follows */
  private async endSnapshot(id: string): Promise<boolean> {
    const { ec2 } = this.cloud.state
    const snapshot = own(ec2.snapshots, id)
    if (snapshot?.state !== 'deleting') return false
    await inOrder(this.cloud, snapshot.volumeId, async () => {
      if (snapshot.content !== undefined) await releaseContent(this.cloud, snapshot.content)
      delete ec2.snapshots[id]
      forgetTags(ec2, id)
    })
    if (snapshot.layers) this.onLayersFreed()
    return true
  }

  private async tried(id: string, act: () => Promise<void>): Promise<boolean> {
    await act().catch((error: unknown) => this.failed(id, error))
    return true
  }

  private later(id: string): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      if (!this.closed) this.work(id)
    }, BUSY_MS).unref()
    this.timers.add(timer)
  }

  protected failed(id: string, error: unknown): void {
    this.cloud.log.error(`${id}: ${messageOf(error)}`)
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const works = new WeakMap<Cloud, VolumeWork>()

/** The one worker on volumes of a cloud. */
export function volumeWorkOf(cloud: Cloud): VolumeWork {
  let work = works.get(cloud)
  if (!work) works.set(cloud, (work = new VolumeWork(cloud)))
  return work
}
