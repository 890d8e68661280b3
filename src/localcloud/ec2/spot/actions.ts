import type {
  CancelSpotInstanceRequestsRequest,
  CancelSpotInstanceRequestsResult,
  DescribeSpotInstanceRequestsRequest,
  DescribeSpotInstanceRequestsResult,
  RequestSpotInstancesRequest,
  RequestSpotInstancesResult,
  SpotInstanceRequest,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { invalidValue, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { type FilterTable, filterBy } from '../filters.js'
import { planLaunch } from '../instances/launch-plan.js'
import { paginate } from '../pagination.js'
import { lookUp, own } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import { parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { launchOf } from './fulfil.js'
import { newSpotRequest, SPOT_STATUS, type SpotRequestRecord, setStatus, spotRequestsOf } from './records.js'
import { spotTerms } from './terms.js'

const MOST = 100

/** The requests are looked at when the answer is on its way, so it says `open`, as on EC2. */
export function requestSpotInstances(input: RequestSpotInstancesRequest, cloud: Cloud): RequestSpotInstancesResult {
  const { InstanceCount: count = 1, LaunchSpecification: launch } = input
  if (!Number.isInteger(count) || count < 1 || count > MOST) throw invalidValue(count, 'instanceCount')
  if (!launch) throw missingParameter('LaunchSpecification')
  const terms = spotTerms(
    {
      type: input.Type,
      behavior: input.InstanceInterruptionBehavior,
      maxPrice: input.SpotPrice,
      validUntil: input.ValidUntil,
      blockMinutes: input.BlockDurationMinutes,
    },
    cloud.now(),
  )
  const tags = parseTagSpecification(input.TagSpecifications, 'spot-instances-request')
  planLaunch(launchOf(launch), cloud)
  endDryRun(input)
  const requests = Array.from({ length: count }, () =>
    newSpotRequest(cloud.state.ec2, cloud.now(), { ...terms, launch }),
  )
  for (const request of requests) putTags(cloud.state.ec2, request.id, tags)
  return { SpotInstanceRequests: requests.map((request) => view(request, cloud)) }
}

export function describeSpotInstanceRequests(
  input: DescribeSpotInstanceRequestsRequest,
  cloud: Cloud,
): DescribeSpotInstanceRequestsResult {
  const { ec2 } = cloud.state
  const matches = filterBy(input.Filters, FILTERS, (request) => tagsOf(ec2, request.id))
  const ids = input.SpotInstanceRequestIds
  const asked = ids?.length ? requireRequests(ec2, ids) : Object.values(spotRequestsOf(ec2))
  endDryRun(input)
  const found = asked.filter(matches).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const { page, NextToken } = paginate(found, keyOf, input)
  return { SpotInstanceRequests: page.map((request) => view(request, cloud)), NextToken }
}

/** An instance that runs goes on. */
export function cancelSpotInstanceRequests(
  input: CancelSpotInstanceRequestsRequest,
  cloud: Cloud,
): CancelSpotInstanceRequestsResult {
  const requests = requireRequests(cloud.state.ec2, input.SpotInstanceRequestIds ?? [])
  endDryRun(input)
  for (const request of requests) {
    if (request.state === 'closed' || request.state === 'failed') continue
    if (request.state === 'open') setStatus(request, 'canceled-before-fulfillment', cloud.now())
    if (request.state === 'active') setStatus(request, 'request-canceled-and-instance-running', cloud.now())
    request.state = 'cancelled'
  }
  return {
    CancelledSpotInstanceRequests: requests.map(({ id, state }) => ({
      SpotInstanceRequestId: id,
      State: state === 'closed' ? 'closed' : 'cancelled',
    })),
  }
}

const keyOf = ({ createdAt, id }: SpotRequestRecord) => `${createdAt} ${id}`

function requireRequests(state: Ec2State, ids: readonly string[]): SpotRequestRecord[] {
  return lookUp('spotRequest', ids, (id) => own(spotRequestsOf(state), id))
}

const FILTERS: FilterTable<SpotRequestRecord> = {
  'spot-instance-request-id': ({ id }) => id,
  state: ({ state }) => state,
  'status-code': ({ status }) => status.code,
  type: ({ type }) => type,
  'instance-id': ({ instanceId }) => instanceId,
  'create-time': ({ createdAt }) => createdAt,
  'valid-until': ({ validUntil }) => validUntil,
  'spot-price': ({ maxPrice }) => maxPrice,
  'launch.instance-type': ({ launched, launch }) => launched?.instanceType ?? launch?.InstanceType,
  'launch.image-id': ({ launched, launch }) => launched?.imageId ?? launch?.ImageId,
  'launched-availability-zone': ({ launched }) => launched?.zone,
  'product-description': () => 'Linux/UNIX',
}

function view(request: SpotRequestRecord, cloud: Cloud): SpotInstanceRequest {
  const { launched, launch, status } = request
  return {
    SpotInstanceRequestId: request.id,
    State: request.state,
    Status: { Code: status.code, Message: SPOT_STATUS[status.code], UpdateTime: new Date(status.at) },
    Type: request.type,
    InstanceInterruptionBehavior: request.behavior,
    SpotPrice: request.maxPrice,
    CreateTime: new Date(request.createdAt),
    ValidUntil: request.validUntil === undefined ? undefined : new Date(request.validUntil),
    InstanceId: request.instanceId,
    LaunchedAvailabilityZone: launched?.zone,
    LaunchSpecification: {
      ImageId: launched?.imageId ?? launch?.ImageId,
      InstanceType: (launched?.instanceType as never) ?? launch?.InstanceType,
      KeyName: launch?.KeyName,
    },
    ProductDescription: 'Linux/UNIX',
    Tags: tagList(cloud.state.ec2, request.id),
  }
}
