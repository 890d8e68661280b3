import pLimit from 'p-limit'
import type { Cloud } from '../../cloud.js'
import type { NodeSpec } from '../../nodes/engine.js'
import { own } from '../resource-ids.js'
import { isOneTimeSpot } from '../spot/follow.js'
import type { InstanceRecord } from '../state.js'
import { endNode, prepareVolumes, volumesSeen } from '../volumes/engine-steps.js'
import { Workers } from '../workers.js'
import { crashLater, delayBoot, withBootFaults } from './boot-faults.js'
import { nodeSpec } from './node-spec.js'
import { mayTake, REASONS, settle } from './transitions.js'

/** More nodes at a time only make each of them slower. */
const BOOTS_AT_ONCE = 6

/**
 * Makes nodes follow their instances: each instance that is on its way to a state is driven there by one worker, one
 * step of the engine after the other, so that a terminate during a boot waits for the boot and then ends it. What to do
 * is read from the saved state before each step, never remembered: a daemon that was killed goes on from there.
 */
export class Lifecycle extends Workers {
  private readonly bootSlot = pLimit(BOOTS_AT_ONCE)
  /** Called when a machine and its disk are gone. */
  onTerminated: () => void = () => undefined

  constructor(private readonly cloud: Cloud) {
    super()
    cloud.engine.onExit((id) => this.hearExit(id))
  }

  /**
   * Starts the node of a running instance that was stopped within `alone`. A failure is told, and left to a reboot
   * afterwards, which has the last word on the instance's state.
   */
  async bootAgain(instance: InstanceRecord): Promise<void> {
    try {
      if (instance.state === 'running') await this.bootSlot(() => this.cloud.engine.boot(this.spec(instance)))
      volumesSeen(this.cloud, instance)
      delete instance.rebootRequested
    } catch (error) {
      this.due(instance.id)
      this.wake()
      throw error
    }
  }

  /** A step that fails without an answer to it (a node that cannot be removed) is left for the next time round. */
  protected async drive(id: string): Promise<void> {
    for (let moved = true; moved && !this.closed; ) {
      const instance = own(this.cloud.state.ec2.instances, id)
      if (!instance) return
      moved = await this.step(instance)
      if (moved) await this.save(id)
    }
  }

  /** Goes on when the disk is full: what was done stands in memory, and doing it again after a restart is harmless. */
  private async save(id: string): Promise<void> {
    try {
      await this.cloud.commit()
    } catch (error) {
      this.report(id, 'saving its state', error)
    }
  }

  private async step(instance: InstanceRecord): Promise<boolean> {
    switch (instance.state) {
      case 'pending':
        return this.boot(instance)
      case 'stopping':
        return this.end(instance, 'stopped', () => this.stop(instance.id))
      case 'shutting-down':
        return this.end(instance, 'terminated', () => endNode(this.cloud, instance))
      case 'running':
        return instance.rebootRequested ? this.reboot(instance) : false
      default:
        return false
    }
  }

  private async boot(instance: InstanceRecord): Promise<boolean> {
    const { engine } = this.cloud
    const wanted = () => instance.state === 'pending' && !this.closed
    try {
      await delayBoot(this.cloud, wanted)
      await prepareVolumes(this.cloud, instance)
      await this.bootSlot(async () => {
        if (wanted()) await engine.boot(withBootFaults(this.cloud, this.spec(instance)))
      })
    } catch (error) {
      if (this.closed) return false
      return this.bootFailed(instance, error)
    }
    // Stopped or terminated meanwhile: the next step sees to that.
    if (wanted()) {
      settle(this.cloud, instance, 'running')
      volumesSeen(this.cloud, instance)
      crashLater(this.cloud, instance.id, (id) => this.hearExit(id))
    }
    return !this.closed
  }

  private spec(instance: InstanceRecord): NodeSpec {
    return nodeSpec(this.cloud.state.ec2, instance)
  }

  private async bootFailed(instance: InstanceRecord, error: unknown): Promise<boolean> {
    this.report(instance.id, 'boot', error)
    if (instance.state !== 'pending') return true
    instance.stateReason = REASONS.internalError(messageOf(error))
    instance.stateTransitionReason = 'Server.InternalError'
    // A machine that ran before keeps its disk: only a first boot that fails ends the instance.
    instance.state = instance.hasRun ? 'stopping' : 'shutting-down'
    return true
  }

  private async reboot(instance: InstanceRecord): Promise<boolean> {
    try {
      await this.stop(instance.id)
      if (instance.state === 'running') await this.bootSlot(() => this.cloud.engine.boot(this.spec(instance)))
      volumesSeen(this.cloud, instance)
      delete instance.rebootRequested
      return true
    } catch (error) {
      if (this.closed) return false
      this.report(instance.id, 'reboot', error)
      delete instance.rebootRequested
      if (instance.state !== 'running') return true
      settle(this.cloud, instance, 'stopped')
      instance.stateReason = REASONS.internalError(messageOf(error))
      return true
    }
  }

  private async end(
    instance: InstanceRecord,
    state: 'stopped' | 'terminated',
    act: () => Promise<void>,
  ): Promise<boolean> {
    const from = instance.state
    try {
      await act()
    } catch (error) {
      if (!this.closed) this.report(instance.id, from, error)
      return false
    }
    // Stopping may have turned into terminating meanwhile.
    if (instance.state === from) settle(this.cloud, instance, state)
    if (instance.state === 'terminated') this.onTerminated()
    return true
  }

  private async stop(id: string): Promise<void> {
    try {
      await this.cloud.engine.stop(id)
    } catch (error) {
      if (this.closed) throw error
      this.report(id, 'stop', error)
      await this.cloud.engine.stop(id, { force: true })
    }
  }

  private hearExit(id: string): void {
    void this.exited(id).catch((error: unknown) => this.report(id, 'exit', error))
  }

  /** PID 1 ended by itself: somebody said `poweroff` inside, or killed it from the host. */
  private async exited(id: string): Promise<void> {
    await this.atRest(id)
    const instance = own(this.cloud.state.ec2.instances, id)
    if (this.closed || instance?.state !== 'running' || instance.rebootRequested) return
    if ((await this.cloud.engine.list()).get(id) === 'running') return
    if (!mayTake(instance, 'exit') || this.closed) return
    const ends = instance.shutdownBehavior === 'terminate' || isOneTimeSpot(instance, this.cloud)
    instance.state = ends ? 'shutting-down' : 'stopping'
    instance.stateReason = REASONS.instanceInitiated()
    instance.stateTransitionReason = ''
    this.due(id)
    await this.save(id)
    this.wake()
  }

  protected failed(id: string, error: unknown): void {
    this.report(id, 'lifecycle', error)
  }

  private report(id: string, what: string, error: unknown): void {
    this.cloud.log.error(`instance ${id}: ${what} failed: ${messageOf(error)}`)
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const lifecycles = new WeakMap<Cloud, Lifecycle>()

/** The one lifecycle of a cloud. */
export function lifecycleOf(cloud: Cloud): Lifecycle {
  let lifecycle = lifecycles.get(cloud)
  if (!lifecycle) lifecycles.set(cloud, (lifecycle = new Lifecycle(cloud)))
  return lifecycle
}
