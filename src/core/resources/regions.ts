import { abortable } from '../aws/caller-identity.js'
import type { Asking, ResourceDeps } from './deps.js'

/** A region of the cloud that the current region belongs to. */
export interface RegionListing {
  readonly name: string
  /** Host name of EC2 there. */
  readonly endpoint?: string | undefined
}

/** A part of a region with power and network of its own. */
export interface ZoneListing {
  readonly name: string
  readonly id?: string | undefined
  readonly region?: string | undefined
  /** `available`, `impaired`, ... */
  readonly state?: string | undefined
}

/** Regions the account may use, in reverse order of their names as the original had them. */
export async function listRegions(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { signal }: Asking = {},
): Promise<RegionListing[]> {
  const { Regions = [] } = await aws.ec2.describeRegions({}, abortable(signal))
  return Regions.map(({ RegionName = '', Endpoint }) => ({ name: RegionName, endpoint: Endpoint })).sort((a, b) =>
    a.name < b.name ? 1 : -1,
  )
}

/** Availability zones of the region, by name. */
export async function listZones({ aws }: Pick<ResourceDeps, 'aws'>, { signal }: Asking = {}): Promise<ZoneListing[]> {
  const { AvailabilityZones = [] } = await aws.ec2.describeAvailabilityZones({}, abortable(signal))
  return AvailabilityZones.map(({ ZoneName = '', ZoneId, RegionName, State }) => ({
    name: ZoneName,
    id: ZoneId,
    region: RegionName,
    state: State,
  })).sort((a, b) => (a.name < b.name ? -1 : 1))
}
