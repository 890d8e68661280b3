import type { Instance, InstanceStateName } from '@aws-sdk/client-ec2'
import { isMasterAlias } from './aliases.js'

/** Tags every instance of a cluster is launched with. */
export const clusterTagKey = 'starcluster:cluster'
export const aliasesTagKey = 'starcluster:aliases'

/** Names under which a node is known inside its network. */
export interface NetworkNames {
  readonly INTERNAL_IP: string
  readonly INTERNAL_NAME: string
  readonly INTERNAL_NAME_SHORT: string
  readonly INTERNAL_ALIAS: string
}

/** What EC2 last told about a node's instance, under the names plugins know. Free to read: asks nobody. */
export abstract class InstanceView {
  /** The instance as the SDK gave it. */
  abstract readonly instance: Instance
  abstract readonly alias: string

  get id(): string {
    return this.instance.InstanceId ?? ''
  }
  get state(): InstanceStateName {
    return this.instance.State?.Name ?? 'pending'
  }
  get instanceType(): string {
    return this.instance.InstanceType ?? ''
  }
  get imageId(): string {
    return this.instance.ImageId ?? ''
  }
  get keyName(): string | undefined {
    return this.instance.KeyName
  }
  get arch(): string {
    return this.instance.Architecture ?? ''
  }
  /** Availability zone. */
  get placement(): string {
    return this.instance.Placement?.AvailabilityZone ?? ''
  }
  get vpcId(): string | undefined {
    return this.instance.VpcId
  }
  get subnetId(): string | undefined {
    return this.instance.SubnetId
  }
  get launchTime(): Date | undefined {
    return this.instance.LaunchTime
  }
  get amiLaunchIndex(): number {
    return this.instance.AmiLaunchIndex ?? 0
  }
  get rootDeviceType(): string {
    return this.instance.RootDeviceType ?? 'ebs'
  }
  get rootDeviceName(): string | undefined {
    return this.instance.RootDeviceName
  }

  get dnsName(): string {
    return this.publicDnsName || this.ipAddress || this.privateDnsName
  }
  get publicDnsName(): string {
    return this.instance.PublicDnsName ?? ''
  }
  /** Public address, or '' without one. */
  get ipAddress(): string {
    return this.instance.PublicIpAddress ?? ''
  }
  get privateDnsName(): string {
    return this.instance.PrivateDnsName ?? ''
  }
  get privateDnsNameShort(): string {
    return this.privateDnsName.split('.')[0] ?? ''
  }
  get privateIpAddress(): string {
    return this.instance.PrivateIpAddress ?? ''
  }
  /** The address we reach it at: public address, else private address. A DNS name would cost a look-up and says no more. */
  get addr(): string {
    return this.ipAddress || this.privateIpAddress
  }
  get networkNames(): NetworkNames {
    return {
      INTERNAL_IP: this.privateIpAddress,
      INTERNAL_NAME: this.privateDnsName,
      INTERNAL_NAME_SHORT: this.privateDnsNameShort,
      INTERNAL_ALIAS: this.alias,
    }
  }

  get tags(): Readonly<Record<string, string>> {
    return Object.fromEntries((this.instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']))
  }
  /** Security groups as EC2 gives them. */
  get groups(): readonly { readonly id: string; readonly name: string }[] {
    return (this.instance.SecurityGroups ?? []).map(({ GroupId, GroupName }) => ({
      id: GroupId ?? '',
      name: GroupName ?? '',
    }))
  }
  get clusterGroups(): readonly { readonly id: string; readonly name: string }[] {
    return this.groups.filter(({ name }) => name.startsWith('@sc-'))
  }
  get blockDeviceMapping(): ReadonlyMap<string, string> {
    const devices = this.instance.BlockDeviceMappings ?? []
    return new Map(devices.map(({ DeviceName, Ebs }) => [DeviceName ?? '', Ebs?.VolumeId ?? '']))
  }
  /** Volume ids by device, the root volume left out. */
  get attachedVols(): ReadonlyMap<string, string> {
    return new Map([...this.blockDeviceMapping].filter(([device]) => device !== this.rootDeviceName))
  }
  get spotId(): string | undefined {
    return this.instance.SpotInstanceRequestId || undefined
  }
  /** Time since launch, as `D days, HH:MM:SS`. */
  get uptime(): string {
    const seconds = Math.max(0, Math.floor((Date.now() - (this.launchTime?.getTime() ?? Date.now())) / 1000))
    const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
    return `${Math.floor(seconds / 86_400)} days, ${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
  }

  isMaster(): boolean {
    return isMasterAlias(this.alias)
  }
  isSpot(): boolean {
    return this.spotId !== undefined
  }
  isEbsBacked(): boolean {
    return this.rootDeviceType === 'ebs'
  }
  isInstanceStore(): boolean {
    return !this.isEbsBacked()
  }
  /** Can be stopped and started again with its disk. */
  isStoppable(): boolean {
    return this.isEbsBacked() && !this.isSpot()
  }
  isRunning(): boolean {
    return this.state === 'running'
  }
  isStopped(): boolean {
    return this.state === 'stopped'
  }
}
