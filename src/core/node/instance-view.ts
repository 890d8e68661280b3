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

  /** Instance id. */
  get id(): string {
    return this.instance.InstanceId ?? ''
  }
  /** As EC2 last told it: `pending`, `running`, `stopping`, `stopped`, `shutting-down` or `terminated`. */
  get state(): InstanceStateName {
    return this.instance.State?.Name ?? 'pending'
  }
  get instanceType(): string {
    return this.instance.InstanceType ?? ''
  }
  get imageId(): string {
    return this.instance.ImageId ?? ''
  }
  /** Name of the key pair it was launched with. */
  get keyName(): string | undefined {
    return this.instance.KeyName
  }
  /** `x86_64` or `arm64`. */
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
  /** Launch time in this computer's zone, as `2026-01-31 08:15:00`; '' before the launch. */
  get localLaunchTime(): string {
    return this.launchTime?.toLocaleString('sv-SE') ?? ''
  }
  /** Place among the instances of its launch, from 0. */
  get amiLaunchIndex(): number {
    return this.instance.AmiLaunchIndex ?? 0
  }
  /** `ebs` or `instance-store`. */
  get rootDeviceType(): string {
    return this.instance.RootDeviceType ?? 'ebs'
  }
  get rootDeviceName(): string | undefined {
    return this.instance.RootDeviceName
  }

  /** The best name there is: public DNS name, else public address, else private DNS name. */
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
  /** Private DNS name without its domain. */
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
  /** Private address, names and alias, under the original's keys. */
  get networkNames(): NetworkNames {
    return {
      INTERNAL_IP: this.privateIpAddress,
      INTERNAL_NAME: this.privateDnsName,
      INTERNAL_NAME_SHORT: this.privateDnsNameShort,
      INTERNAL_ALIAS: this.alias,
    }
  }

  /** Tags of the instance by key. */
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
  /** Security groups that are clusters: `@sc-...`. */
  get clusterGroups(): readonly { readonly id: string; readonly name: string }[] {
    return this.groups.filter(({ name }) => name.startsWith('@sc-'))
  }
  /** Volume ids by device. */
  get blockDeviceMapping(): ReadonlyMap<string, string> {
    const devices = this.instance.BlockDeviceMappings ?? []
    return new Map(devices.map(({ DeviceName, Ebs }) => [DeviceName ?? '', Ebs?.VolumeId ?? '']))
  }
  /** Volume ids by device, the root volume left out. */
  get attachedVols(): ReadonlyMap<string, string> {
    return new Map([...this.blockDeviceMapping].filter(([device]) => device !== this.rootDeviceName))
  }
  /** Id of the spot request it came from. */
  get spotId(): string | undefined {
    return this.instance.SpotInstanceRequestId || undefined
  }
  /** Time since launch, as `D days, HH:MM:SS`. */
  get uptime(): string {
    const seconds = Math.max(0, Math.floor((Date.now() - (this.launchTime?.getTime() ?? Date.now())) / 1000))
    const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
    return `${Math.floor(seconds / 86_400)} days, ${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
  }

  /** Tag of the cluster this node belongs to. */
  get parentCluster(): string | undefined {
    return this.clusterGroups[0]?.name.slice('@sc-'.length)
  }

  /** By its alias: `master`, or `<tag>-master`. */
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
