import type { EC2, Instance, InstanceStateName, SpotInstanceRequest } from '@aws-sdk/client-ec2'
import { describeSpotRequests } from '../aws/spot-requests.js'
import { InstanceView } from './instance-view.js'
import * as power from './power.js'
import { readUserData } from './user-data.js'
import { deleteRootVolume, detachVolumes } from './volumes.js'

/** What can be asked of EC2 about a node's instance, and be done to it. */
export abstract class InstanceControl extends InstanceView {
  /** The AWS SDK's own client: all of EC2 under AWS's names. Original: `EasyEC2`, its `conn`. */
  abstract readonly ec2: EC2

  private latest: Instance

  constructor(instance: Instance) {
    super()
    this.latest = instance
  }

  get instance(): Instance {
    return this.latest
  }
  /** Takes over what a newer answer of EC2 says. */
  adopt(instance: Instance): this {
    this.latest = instance
    return this
  }
  /** Asks EC2 for the instance now. @returns its state @throws InstanceDoesNotExist */
  async update(signal?: AbortSignal): Promise<InstanceStateName> {
    this.latest = await power.describeInstance(this.ec2, this, signal)
    return this.state
  }

  /** Starts a stopped instance; does not wait. @throws InvalidOperation when its disk did not outlive the stop */
  async start(): Promise<void> {
    await power.startInstance(this.ec2, this)
  }
  /** Does not wait. @throws InvalidOperation when it could not be started again */
  async stop(): Promise<void> {
    await power.stopInstance(this.ec2, this)
  }
  /** Ends the instance for good, and the spot request that it came from. Does not wait. */
  async terminate(): Promise<void> {
    await power.terminateInstance(this.ec2, this)
  }
  /** Stops the instance when it can be started again, else terminates it. */
  async shutdown(): Promise<void> {
    await (this.isStoppable() ? this.stop() : this.terminate())
  }
  /** Does not wait: see `wait`. */
  async reboot(): Promise<void> {
    await power.rebootInstance(this.ec2, this)
  }

  async addTag(key: string, value = ''): Promise<void> {
    await this.ec2.createTags({ Resources: [this.id], Tags: [{ Key: key, Value: value }] })
  }
  async removeTag(key: string): Promise<void> {
    await this.ec2.deleteTags({ Resources: [this.id], Tags: [{ Key: key }] })
  }

  /** User data as texts by file name; text that is no MIME multi-part is called `user-data`. */
  async userData(): Promise<Map<string, string>> {
    return readUserData(this.ec2, this)
  }
  /** The spot request the instance came from, as EC2 gives it; undefined when it is no spot instance. */
  async getSpotRequest(): Promise<SpotInstanceRequest | undefined> {
    return this.spotId === undefined ? undefined : (await describeSpotRequests(this.ec2, [this.spotId]))[0]
  }
  /** Detaches all volumes but the root's, and waits until they are free. Unmount them before. @throws WaitTimeoutError */
  async detachExternalVolumes(signal?: AbortSignal): Promise<void> {
    await detachVolumes(this.ec2, this, [...this.attachedVols.values()], signal)
  }
  /** Detaches and deletes the disk of a stopped instance: it cannot be started again. @throws InvalidOperation */
  async deleteRootVolume(signal?: AbortSignal): Promise<void> {
    await deleteRootVolume(this.ec2, this, signal)
  }
}
