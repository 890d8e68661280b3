import type {
  AvailabilityZone,
  DescribeAccountAttributesRequest,
  DescribeAccountAttributesResult,
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult,
  DescribeRegionsRequest,
  DescribeRegionsResult,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidValue } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { VPC_ID, ZONES, type Zone } from './zones.js'

/** This cloud is its own one region. */
export function describeRegions(input: DescribeRegionsRequest, cloud: Cloud): DescribeRegionsResult {
  const region = {
    RegionName: cloud.region,
    Endpoint: `ec2.${cloud.region}.amazonaws.com`,
    OptInStatus: 'opt-in-not-required',
  }
  const unknown = (input.RegionNames ?? []).find((name) => name !== cloud.region)
  if (unknown !== undefined) throw invalidValue(`[${unknown}]`, 'region')
  const matches = filterBy<typeof region>(input.Filters, {
    'region-name': ({ RegionName }) => RegionName,
    endpoint: ({ Endpoint }) => Endpoint,
    'opt-in-status': ({ OptInStatus }) => OptInStatus,
  })
  endDryRun(input)
  return { Regions: [region].filter(matches) }
}

export function describeAvailabilityZones(
  input: DescribeAvailabilityZonesRequest,
  cloud: Cloud,
): DescribeAvailabilityZonesResult {
  const { ZoneNames: names = [], ZoneIds: ids = [] } = input
  const unknown = names.find((name) => !ZONES.some((zone) => zone.name === name))
  if (unknown !== undefined) throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${unknown}]`)
  const unknownId = ids.find((id) => !ZONES.some((zone) => zone.id === id))
  if (unknownId !== undefined)
    throw new AwsError('InvalidParameterValue', `Invalid availability zone-id: [${unknownId}]`)
  const matches = filterBy<Zone>(input.Filters, {
    'zone-name': ({ name }) => name,
    'zone-id': ({ id }) => id,
    'zone-type': () => 'availability-zone',
    'region-name': () => cloud.region,
    'group-name': () => cloud.region,
    state: () => 'available',
    'opt-in-status': () => 'opt-in-not-required',
  })
  endDryRun(input)
  const asked = ZONES.filter(
    ({ name, id }) => (names.length === 0 || names.includes(name)) && (ids.length === 0 || ids.includes(id)),
  )
  return { AvailabilityZones: asked.filter(matches).map((zone) => describeZone(cloud, zone)) }
}

function describeZone(cloud: Cloud, { name, id }: Zone): AvailabilityZone {
  return {
    ZoneName: name,
    ZoneId: id,
    ZoneType: 'availability-zone',
    RegionName: cloud.region,
    GroupName: cloud.region,
    NetworkBorderGroup: cloud.region,
    State: 'available',
    OptInStatus: 'opt-in-not-required',
    Messages: [],
  }
}

/** Values an old account would have; `max-instances` says how many public addresses there are. */
export function describeAccountAttributes(
  input: DescribeAccountAttributesRequest,
  cloud: Cloud,
): DescribeAccountAttributesResult {
  const attributes: Readonly<Record<string, string>> = {
    'supported-platforms': 'VPC',
    'default-vpc': VPC_ID,
    'max-instances': cloud.engine.publicPrefix.split('.').length === 2 ? '65024' : '254',
    'vpc-max-security-groups-per-interface': '5',
    'max-elastic-ips': '0',
    'vpc-max-elastic-ips': '0',
  }
  const names = input.AttributeNames?.length ? input.AttributeNames : Object.keys(attributes)
  const unknown = names.find((name) => !Object.hasOwn(attributes, name))
  if (unknown !== undefined) throw invalidValue(unknown, 'AttributeName')
  endDryRun(input)
  return {
    AccountAttributes: names.map((name) => ({
      AttributeName: name,
      AttributeValues: [{ AttributeValue: attributes[name] }],
    })),
  }
}
