import type { _InstanceType, EC2, Instance } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { allPages } from '../aws/pages.js'

/** What spot instances like these cost now, in US dollars an hour, by `TYPE ZONE`. No request when there are none. */
export async function spotPrices(
  ec2: Pick<EC2, 'describeSpotPriceHistory'>,
  instances: readonly Instance[],
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const types = [...new Set(instances.flatMap(({ InstanceType }) => InstanceType ?? []))]
  if (types.length === 0) return new Map()
  const now = new Date()
  const asked = {
    InstanceTypes: types as _InstanceType[],
    ProductDescriptions: ['Linux/UNIX'],
    // A moment gives the price that holds then, of each zone.
    StartTime: now,
    EndTime: now,
  }
  const prices = await allPages(async (next) => {
    const { SpotPriceHistory: items, NextToken } = await ec2.describeSpotPriceHistory(
      { ...asked, ...next },
      abortable(signal),
    )
    return { items, next: NextToken }
  })
  return new Map(
    prices.flatMap(({ InstanceType, AvailabilityZone, SpotPrice }) =>
      SpotPrice === undefined ? [] : [[`${InstanceType} ${AvailabilityZone}`, Number(SpotPrice)] as const],
    ),
  )
}
