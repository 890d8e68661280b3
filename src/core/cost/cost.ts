import type { Instance, Volume } from '@aws-sdk/client-ec2'
import { describeInstances, livingStates, tagOf } from '../aws/instances.js'
import { volumesMatching } from '../aws/volumes.js'
import type { ClusterDeps } from '../cluster/deps.js'
import { clusterTagKey } from '../node/instance-view.js'
import { type HourlyPrices, pricesIn } from './prices.js'
import { spotPrices } from './spot-prices.js'

/** Equal things that cost something. */
export interface CostItem {
  readonly kind: 'instance' | 'volume' | 'public address'
  /** Instance type or volume type; for spot instances `t3.small (spot)`. */
  readonly type: string
  readonly count: number
  /** Of volumes, together. */
  readonly gib?: number
  /** US dollars an hour of all of them together; undefined: not known. */
  readonly usdPerHour?: number
}

/** What one cluster costs, or what belongs to none. */
export interface CostGroup {
  /** Undefined: no cluster's. */
  readonly cluster?: string
  readonly items: readonly CostItem[]
  /** Of the items whose price is known. */
  readonly usdPerHour: number
  /** Some price is not known. */
  readonly incomplete: boolean
}

export interface CostReport {
  readonly region: string
  /** Region whose prices were taken: another one for machines on this computer, which cost nothing. */
  readonly pricedAs: string
  readonly groups: readonly CostGroup[]
  readonly usdPerHour: number
  readonly incomplete: boolean
}

/**
 * What exists in the region and costs by the hour: running instances, volumes (of stopped instances too) and public
 * addresses, by cluster. Not counted: traffic, snapshots, requests, T instances' surplus credits, discounts.
 */
export async function currentCost(
  { aws, region }: Pick<ClusterDeps, 'aws' | 'region'>,
  { signal }: { signal?: AbortSignal } = {},
): Promise<CostReport> {
  const { ec2 } = aws
  const [instances, volumes] = await Promise.all([
    describeInstances(ec2, [{ Name: 'instance-state-name', Values: [...livingStates] }], signal),
    volumesMatching(ec2, [], signal),
  ])
  const local = region.name === 'local'
  const pricedAs = local ? 'us-east-1' : region.name
  const prices = pricesIn(pricedAs)
  const running = instances.filter(({ State }) => State?.Name === 'running' || State?.Name === 'pending')
  const spot = await spotPrices(ec2, running.filter(isSpot), signal)
  const byCluster = new Map<string | undefined, CostItem[]>()
  const add = (cluster: string | undefined, item: CostItem) =>
    byCluster.set(cluster, [...(byCluster.get(cluster) ?? []), item])
  for (const instance of running) {
    const cluster = tagOf(instance, clusterTagKey)
    add(cluster, instanceItem(instance, prices, spot))
    if (instance.PublicIpAddress)
      add(cluster, priced({ kind: 'public address', type: 'IPv4', count: 1 }, prices.publicAddress))
  }
  const owners = new Map(instances.map((one) => [one.InstanceId, tagOf(one, clusterTagKey)]))
  for (const volume of volumes) add(ownerOf(volume, owners), volumeItem(volume, prices))
  const groups = [...byCluster].map(([cluster, items]) => groupOf(cluster, items)).sort(byName)
  return { region: region.name, pricedAs, groups, ...sumOf(groups) }
}

function instanceItem(instance: Instance, prices: HourlyPrices, spot: ReadonlyMap<string, number>): CostItem {
  const type = instance.InstanceType ?? ''
  if (!isSpot(instance)) return priced({ kind: 'instance', type, count: 1 }, prices.instance(type))
  const price = spot.get(`${type} ${instance.Placement?.AvailabilityZone}`)
  return priced({ kind: 'instance', type: `${type} (spot)`, count: 1 }, price)
}

const isSpot = ({ InstanceLifecycle }: Instance) => InstanceLifecycle === 'spot'

function volumeItem({ VolumeType, Size = 0 }: Volume, prices: HourlyPrices): CostItem {
  const type = VolumeType ?? ''
  return priced({ kind: 'volume', type, count: 1, gib: Size }, prices.volume(type, Size))
}

const ownerOf = (volume: Volume, owners: ReadonlyMap<string | undefined, string | undefined>) =>
  tagOf(volume, clusterTagKey) ?? owners.get(volume.Attachments?.[0]?.InstanceId)

const priced = (item: CostItem, usdPerHour: number | undefined): CostItem =>
  usdPerHour === undefined ? item : { ...item, usdPerHour }

/** Equal ones in one item. */
function groupOf(cluster: string | undefined, items: readonly CostItem[]): CostGroup {
  const merged = new Map<string, CostItem>()
  for (const item of items) {
    const key = `${item.kind} ${item.type}`
    const before = merged.get(key)
    merged.set(key, before === undefined ? item : together(before, item))
  }
  const all = [...merged.values()]
  return {
    ...(cluster === undefined ? {} : { cluster }),
    items: all,
    usdPerHour: all.reduce((sum, { usdPerHour = 0 }) => sum + usdPerHour, 0),
    incomplete: all.some(({ usdPerHour }) => usdPerHour === undefined),
  }
}

function together(one: CostItem, other: CostItem): CostItem {
  const { usdPerHour: _, gib, ...rest } = one
  const known = one.usdPerHour !== undefined && other.usdPerHour !== undefined
  return {
    ...rest,
    count: one.count + other.count,
    ...(gib === undefined ? {} : { gib: gib + (other.gib ?? 0) }),
    ...(known ? { usdPerHour: one.usdPerHour + other.usdPerHour } : {}),
  }
}

function sumOf(groups: readonly CostGroup[]): Pick<CostReport, 'usdPerHour' | 'incomplete'> {
  return {
    usdPerHour: groups.reduce((sum, { usdPerHour }) => sum + usdPerHour, 0),
    incomplete: groups.some(({ incomplete }) => incomplete),
  }
}

/** What belongs to no cluster comes last. */
function byName({ cluster: one }: CostGroup, { cluster: other }: CostGroup): number {
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? 1 : -1
  return one < other ? -1 : 1
}
