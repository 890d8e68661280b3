import type {
  AttachInternetGatewayRequest,
  CreateInternetGatewayRequest,
  CreateInternetGatewayResult,
  DeleteInternetGatewayRequest,
  DescribeInternetGatewaysRequest,
  DescribeInternetGatewaysResult,
  DetachInternetGatewayRequest,
  InternetGateway,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidValue } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { lookUp, lookUpOne, newId, own } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import { forgetTags, parseTagSpecification, putTags, tagList, tagsOf } from '../tags/tags.js'
import { type GatewayRecord, networkOf, vpcOf } from './records.js'
import { requireVpc } from './vpcs.js'

/** Source: VPC User Guide, "Amazon VPC quotas". */
const MOST = 5

export function requireGateway(state: Ec2State, id: string | undefined): GatewayRecord {
  return lookUpOne('gateway', 'internetGatewayId', id, (one) => own(networkOf(state).gateways, one))
}

export function createInternetGateway(input: CreateInternetGatewayRequest, cloud: Cloud): CreateInternetGatewayResult {
  const { ec2 } = cloud.state
  const tags = parseTagSpecification(input.TagSpecifications, 'internet-gateway')
  const { gateways } = networkOf(ec2)
  if (Object.keys(gateways).length >= MOST) {
    throw new AwsError('InternetGatewayLimitExceeded', 'The maximum number of internet gateways has been reached.')
  }
  endDryRun(input)
  const gateway: GatewayRecord = { id: newId('igw') }
  gateways[gateway.id] = gateway
  putTags(ec2, gateway.id, tags)
  return { InternetGateway: describeGateway(cloud, gateway) }
}

/** @throws AwsError Resource.AlreadyAssociated, InvalidParameterValue: a VPC has one at most */
export function attachInternetGateway(input: AttachInternetGatewayRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const gateway = requireGateway(ec2, input.InternetGatewayId)
  const vpc = requireVpc(ec2, input.VpcId)
  if (gateway.vpcId !== undefined) {
    throw new AwsError('Resource.AlreadyAssociated', `resource ${gateway.id} is already attached to network ${vpc.id}`)
  }
  if (Object.values(networkOf(ec2).gateways).some(({ vpcId }) => vpcId === vpc.id)) {
    throw invalidValue(vpc.id, 'vpcId', `Network ${vpc.id} already has an internet gateway attached.`)
  }
  endDryRun(input)
  gateway.vpcId = vpc.id
}

/** @throws AwsError Gateway.NotAttached, DependencyViolation while an instance there has a public address */
export function detachInternetGateway(input: DetachInternetGatewayRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const gateway = requireGateway(ec2, input.InternetGatewayId)
  const vpc = requireVpc(ec2, input.VpcId)
  if (gateway.vpcId !== vpc.id) {
    throw new AwsError('Gateway.NotAttached', `resource ${gateway.id} is not attached to network ${vpc.id}`)
  }
  const mapped = Object.values(ec2.instances).some(
    (instance) => vpcOf(instance) === vpc.id && instance.publicIp !== undefined,
  )
  if (mapped) {
    const message = `Network ${vpc.id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`
    throw new AwsError('DependencyViolation', message)
  }
  endDryRun(input)
  delete gateway.vpcId
}

/** Routes to it stay behind, as black holes. @throws AwsError DependencyViolation while it is attached */
export function deleteInternetGateway(input: DeleteInternetGatewayRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  const { id, vpcId } = requireGateway(ec2, input.InternetGatewayId)
  if (vpcId !== undefined) {
    throw new AwsError('DependencyViolation', `The internetGateway '${id}' has dependencies and cannot be deleted.`)
  }
  endDryRun(input)
  delete networkOf(ec2).gateways[id]
  forgetTags(ec2, id)
}

export function describeInternetGateways(
  input: DescribeInternetGatewaysRequest,
  cloud: Cloud,
): DescribeInternetGatewaysResult {
  const { ec2 } = cloud.state
  const { gateways } = networkOf(ec2)
  const ids = input.InternetGatewayIds
  const asked = ids?.length ? lookUp('gateway', ids, (id) => own(gateways, id)) : Object.values(gateways)
  const matches = filterBy<GatewayRecord>(
    input.Filters,
    {
      'internet-gateway-id': ({ id }) => id,
      'attachment.vpc-id': ({ vpcId }) => vpcId,
      'attachment.state': ({ vpcId }) => (vpcId === undefined ? undefined : 'available'),
      'owner-id': () => cloud.accountId,
    },
    ({ id }) => tagsOf(ec2, id),
  )
  endDryRun(input)
  const found = asked.filter(matches).sort((a, b) => (a.id < b.id ? -1 : 1))
  const { page, NextToken } = paginate(found, ({ id }) => id, input)
  return { InternetGateways: page.map((gateway) => describeGateway(cloud, gateway)), NextToken }
}

/** The model has no state of such an attachment but EC2's `available`. */
function describeGateway(cloud: Cloud, { id, vpcId }: GatewayRecord): InternetGateway {
  return {
    InternetGatewayId: id,
    Attachments: vpcId === undefined ? [] : [{ VpcId: vpcId, State: 'available' as 'attached' }],
    OwnerId: cloud.accountId,
    Tags: tagList(cloud.state.ec2, id),
  }
}
