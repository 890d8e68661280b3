import { expect, test } from 'vitest'
import { refused, testCloud } from './support.js'

const day = 24 * 60 * 60_000
const now = new Date('2026-03-10T12:00:00Z')
const { ec2 } = testCloud({ now: () => now })
const ago = (days: number) => new Date(now.getTime() - days * day)
const history = async (input: Parameters<typeof ec2.describeSpotPriceHistory>[0]) =>
  (await ec2.describeSpotPriceHistory(input)).SpotPriceHistory ?? []

test('prices are a part of those on demand, newest first, the one that held at the begin included', async () => {
  const prices = await history({ InstanceTypes: ['m5.large'], StartTime: ago(2), AvailabilityZone: 'local-b' })
  expect(prices.length).toBeGreaterThan(6)
  const times = prices.map(({ Timestamp }) => Timestamp!.getTime())
  expect(times).toEqual(times.toSorted((a, b) => b - a))
  expect(times.filter((time) => time < ago(2).getTime())).toHaveLength(1)
  for (const { SpotPrice, AvailabilityZone, ProductDescription } of prices) {
    expect(Number(SpotPrice)).toBeGreaterThan(0.096 * 0.25)
    expect(Number(SpotPrice)).toBeLessThan(0.096 * 0.55)
    expect([AvailabilityZone, ProductDescription]).toEqual(['local-b', 'Linux/UNIX'])
  }
})

test('the same question has the same answer, at any time of asking and in any cloud', async () => {
  const asked = { InstanceTypes: ['t3.small' as const], StartTime: ago(9), EndTime: ago(8) }
  const later = testCloud({ now: () => new Date(now.getTime() + 3 * day) })
  expect(await history(asked)).toEqual((await later.ec2.describeSpotPriceHistory(asked)).SpotPriceHistory)
})

test('90 days back, in pages that repeat and lose nothing', async () => {
  const whole = await history({ InstanceTypes: ['c5.xlarge'], StartTime: ago(400), MaxResults: 1000 })
  const pages = []
  let NextToken: string | undefined
  do {
    const page = await ec2.describeSpotPriceHistory({
      InstanceTypes: ['c5.xlarge'],
      StartTime: ago(400),
      MaxResults: 400,
      NextToken,
    })
    pages.push(...(page.SpotPriceHistory ?? []))
    NextToken = page.NextToken
  } while (NextToken)
  expect(pages).toHaveLength(3 * 90 * 4 + 3)
  expect(pages.slice(0, whole.length)).toEqual(whole)
  expect(Math.min(...pages.map(({ Timestamp }) => Timestamp!.getTime()))).toBeGreaterThan(ago(91).getTime())
})

test('filters, products and types that do not exist', async () => {
  const one = { InstanceTypes: ['t3.small' as const], StartTime: ago(1) }
  const zones = await history({ ...one, Filters: [{ Name: 'availability-zone', Values: ['local-c'] }] })
  expect(new Set(zones.map(({ AvailabilityZone }) => AvailabilityZone))).toEqual(new Set(['local-c']))
  expect(await history({ ...one, ProductDescriptions: ['Windows'] })).toEqual([])
  expect(await history({ ...one, ProductDescriptions: ['Linux/UNIX (Amazon VPC)'] })).not.toEqual([])
  expect(await history({ InstanceTypes: ['x9.huge' as never] })).toEqual([])
})

test.each([
  [{ AvailabilityZone: 'local-z' }, 'InvalidParameterValue', 'local-z'],
  [{ AvailabilityZone: 'local-a', AvailabilityZoneId: 'local-az1' }, 'InvalidParameterCombination', 'both'],
  [{ StartTime: ago(1), EndTime: ago(2) }, 'InvalidParameterValue', 'endTime'],
  [{ MaxResults: 1001 }, 'InvalidParameterValue', '1001'],
  [{ DryRun: true }, 'DryRunOperation', ''],
])('%j is refused as EC2 does', async (input, code, mention) => {
  await expect(ec2.describeSpotPriceHistory(input)).rejects.toMatchObject(refused(code, mention))
})
