import type {
  _InstanceType,
  DescribeSpotPriceHistoryRequest,
  DescribeSpotPriceHistoryResult,
  SpotPrice,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, invalidValue } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { INSTANCE_TYPES } from '../instance-types/types.js'
import { paginate } from '../pagination.js'
import { ZONES } from '../vpc/zones.js'
import { priceSeries } from './price-series.js'

const PRODUCT = 'Linux/UNIX'
const KEPT_MS = 90 * 24 * 60 * 60_000
const PAGE = 1000

/**
 * Changes of spot prices in a time range, newest first, and of each type and zone the one before, which holds at its begin.
 * A type that does not exist has none. Source: EC2 API reference, DescribeSpotPriceHistory; at most 90 days back.
 */
export function describeSpotPriceHistory(
  input: DescribeSpotPriceHistoryRequest,
  cloud: Cloud,
): DescribeSpotPriceHistoryResult {
  const { InstanceTypes: types = [], ProductDescriptions: products = [] } = input
  const zones = zonesOf(input)
  const matches = filterBy<SpotPrice>(input.Filters, {
    'availability-zone': ({ AvailabilityZone }) => AvailabilityZone,
    'availability-zone-id': ({ AvailabilityZoneId }) => AvailabilityZoneId,
    'instance-type': ({ InstanceType }) => InstanceType,
    'product-description': ({ ProductDescription }) => ProductDescription,
    'spot-price': (one) => one.SpotPrice,
    timestamp: ({ Timestamp }) => Timestamp?.toISOString().replace(/\.\d+Z$/, '.000Z'),
  })
  const [start, end] = rangeOf(input, cloud.now())
  endDryRun(input)
  // As on EC2, where VPC instances have products of their own name and of that with a suffix.
  const kept = start <= end
  const wanted = products.length === 0 || products.some((one) => one.replace(' (Amazon VPC)', '') === PRODUCT)
  const asked = [...INSTANCE_TYPES.values()].filter(
    ({ name }) => kept && wanted && (types.length === 0 || types.includes(name as _InstanceType)),
  )
  const prices = asked.flatMap((type) =>
    zones.flatMap(({ name, id }) =>
      priceSeries(type, name, start, end).map(
        ({ at, price }): SpotPrice => ({
          AvailabilityZone: name,
          AvailabilityZoneId: id,
          InstanceType: type.name as _InstanceType,
          ProductDescription: PRODUCT,
          SpotPrice: price.toFixed(6),
          Timestamp: at,
        }),
      ),
    ),
  )
  // Thousands without a type: each key is made once.
  const found = prices.filter(matches).map((price) => ({ price, key: keyOf(price) }))
  found.sort((a, b) => (a.key < b.key ? -1 : 1))
  const size = { NextToken: input.NextToken, MaxResults: input.MaxResults || PAGE }
  const { page, NextToken } = paginate(found, ({ key }) => key, size, { min: 1, max: PAGE })
  return { SpotPriceHistory: page.map(({ price }) => price), NextToken: NextToken ?? '' }
}

function zonesOf({ AvailabilityZone: name, AvailabilityZoneId: id }: DescribeSpotPriceHistoryRequest) {
  if (name !== undefined && id !== undefined) {
    throw invalidCombination('You may specify AvailabilityZone or AvailabilityZoneId, not both.')
  }
  if (name === undefined && id === undefined) return ZONES
  const zones = ZONES.filter((zone) => zone.name === name || zone.id === id)
  if (zones.length > 0) return zones
  throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${name ?? id}]`)
}

function rangeOf({ StartTime, EndTime }: DescribeSpotPriceHistoryRequest, now: Date): [Date, Date] {
  const end = EndTime === undefined || EndTime > now ? now : EndTime
  const oldest = new Date(now.getTime() - KEPT_MS)
  const start = StartTime === undefined || StartTime < oldest ? oldest : StartTime
  if (StartTime !== undefined && EndTime !== undefined && StartTime > EndTime) {
    throw invalidValue(EndTime.toISOString(), 'endTime', 'It must be after startTime.')
  }
  return [start, end]
}

/** Newest first; below it by type and zone. */
function keyOf({ Timestamp, InstanceType, AvailabilityZone }: SpotPrice): string {
  const age = String(Number.MAX_SAFE_INTEGER - (Timestamp?.getTime() ?? 0)).padStart(16, '0')
  return `${age} ${InstanceType} ${AvailabilityZone}`
}
