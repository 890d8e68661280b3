import type { _InstanceType, SpotPrice } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { describeInstanceTypes, unknownInstanceType } from '../aws/instance-types.js'
import { allPages } from '../aws/pages.js'
import type { Asking, ResourceDeps } from './deps.js'
import { SpotHistoryError } from './errors.js'

/** Spot prices of a type over some time; all prices in US dollars an hour. */
export interface SpotHistory {
  readonly instanceType: string
  /** What AWS prices: Linux/UNIX. */
  readonly product: string
  readonly start: Date
  readonly end: Date
  /** Lowest of the zones' current prices: where one would launch now. */
  readonly current: number
  /** Mean of the zones' averages. */
  readonly average: number
  readonly max: number
  readonly zones: readonly ZonePrices[]
}

export interface ZonePrices {
  readonly zone: string
  readonly current: number
  /** Weighted by how long each price held. */
  readonly average: number
  readonly max: number
  /** Changes, oldest first; the first may be from before the time asked for: it held at its begin. */
  readonly changes: readonly PriceChange[]
}

export interface PriceChange {
  readonly time: Date
  readonly price: number
}

export interface SpotHistoryOptions extends Asking {
  readonly zone?: string | undefined
  readonly start: Date
  readonly end: Date
}

/** VPC instances of Linux, the only ones there are today. */
const product = 'Linux/UNIX'

/** @throws SpotHistoryError where there are no prices, InstanceTypeDoesNotExist naming the nearest */
export async function spotHistory(
  { aws }: Pick<ResourceDeps, 'aws'>,
  instanceType: string,
  { zone, start, end, signal }: SpotHistoryOptions,
): Promise<SpotHistory> {
  const prices = await allPages(async (next) => {
    const asked = {
      InstanceTypes: [instanceType as _InstanceType],
      ProductDescriptions: [product],
      StartTime: start,
      EndTime: end,
      ...(zone === undefined ? {} : { AvailabilityZone: zone }),
      ...next,
    }
    const { SpotPriceHistory: items, NextToken } = await aws.ec2.describeSpotPriceHistory(asked, abortable(signal))
    return { items, next: NextToken }
  })
  if (prices.length === 0) throw await noPrices(aws, instanceType, zone, signal)
  const zones = zonesOf(prices, start, end)
  const mean = (of: (zone: ZonePrices) => number) => zones.reduce((sum, one) => sum + of(one), 0) / zones.length
  return {
    instanceType,
    product,
    start,
    end,
    current: Math.min(...zones.map((one) => one.current)),
    average: mean((one) => one.average),
    max: Math.max(...zones.map((one) => one.max)),
    zones,
  }
}

function zonesOf(prices: readonly SpotPrice[], start: Date, end: Date): ZonePrices[] {
  const names = [...new Set(prices.map(({ AvailabilityZone = '' }) => AvailabilityZone))].sort()
  return names.map((zone) => {
    const changes = prices
      .filter(({ AvailabilityZone }) => AvailabilityZone === zone)
      .map(({ Timestamp = end, SpotPrice: price }) => ({ time: Timestamp, price: Number(price) }))
      .sort((a, b) => a.time.getTime() - b.time.getTime())
    const max = Math.max(...changes.map(({ price }) => price))
    return { zone, current: changes.at(-1)?.price ?? 0, average: averagePrice(changes, start, end), max, changes }
  })
}

/** A price holds until the next one. @param changes oldest first, at least one */
export function averagePrice(changes: readonly PriceChange[], start: Date, end: Date): number {
  const spans = changes.map(({ time, price }, at) => {
    const from = Math.max(time.getTime(), start.getTime())
    const to = Math.min(changes[at + 1]?.time.getTime() ?? end.getTime(), end.getTime())
    return { price, ms: Math.max(0, to - from) }
  })
  const total = spans.reduce((sum, { ms }) => sum + ms, 0)
  if (total === 0) return changes.at(-1)?.price ?? 0
  return spans.reduce((sum, { price, ms }) => sum + price * ms, 0) / total
}

async function noPrices(aws: ResourceDeps['aws'], type: string, zone: string | undefined, signal?: AbortSignal) {
  const known = await describeInstanceTypes(aws.ec2, [type], signal)
  if (!known.has(type))
    return unknownInstanceType(aws.ec2, type, signal, 'give a type such as t3.small; -r names another region')
  const where = zone === undefined ? `region ${aws.region.name}` : `zone ${zone}`
  return new SpotHistoryError(`there are no spot prices of ${type} in ${where} for that time`, {
    hint: 'AWS keeps 90 days; not every type is on the spot market in every zone',
  })
}
