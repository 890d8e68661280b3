import type { SpotInstanceRequest } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { allPages, tagsByKey } from '../aws/pages.js'
import type { Asking, ResourceDeps } from './deps.js'

/** A spot request of the region. */
export interface SpotRequestListing {
  readonly id: string
  readonly state: string
  /** EC2's status code: `fulfilled`, `capacity-not-available`, ... */
  readonly status?: string | undefined
  readonly message?: string | undefined
  /** `one-time` or `persistent`. */
  readonly kind?: string | undefined
  /** Most that is paid, US dollars an hour; undefined: the price on demand. */
  readonly maxPrice?: number | undefined
  readonly instanceId?: string | undefined
  readonly type?: string | undefined
  readonly imageId?: string | undefined
  readonly zone?: string | undefined
  readonly createTime?: Date | undefined
  readonly tags: Readonly<Record<string, string>>
}

const openStates = ['open', 'active', 'disabled', 'failed']

/** Spot requests of the region, oldest first. @param closed those too that are closed or cancelled */
export async function listSpotRequests(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { closed = false, signal }: Asking & { readonly closed?: boolean } = {},
): Promise<SpotRequestListing[]> {
  const requests = await allPages(async (next) => {
    const filters = closed ? {} : { Filters: [{ Name: 'state', Values: openStates }] }
    const { SpotInstanceRequests: items, NextToken } = await aws.ec2.describeSpotInstanceRequests(
      { ...filters, MaxResults: 1000, ...next },
      abortable(signal),
    )
    return { items, next: NextToken }
  })
  return requests.map(spotRequest).sort((a, b) => Number(a.createTime) - Number(b.createTime))
}

function spotRequest({ SpotPrice, LaunchSpecification: launch, ...request }: SpotInstanceRequest): SpotRequestListing {
  return {
    id: request.SpotInstanceRequestId ?? '',
    state: request.State ?? '',
    status: request.Status?.Code,
    message: request.Status?.Message,
    kind: request.Type,
    maxPrice: SpotPrice === undefined ? undefined : Number(SpotPrice),
    instanceId: request.InstanceId,
    type: launch?.InstanceType,
    imageId: launch?.ImageId,
    zone: request.LaunchedAvailabilityZone ?? launch?.Placement?.AvailabilityZone,
    createTime: request.CreateTime,
    tags: tagsByKey(request.Tags),
  }
}
