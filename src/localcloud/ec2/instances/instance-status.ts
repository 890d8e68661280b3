import type {
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  InstanceStatus,
  InstanceStatusSummary,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { invalidCombination } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import type { InstanceRecord } from '../state.js'
import { zoneIdOf } from '../vpc/zones.js'
import { requireInstances } from './describe-instances.js'
import { stateView } from './view.js'

/** Running instances only, unless all are asked for. Source: EC2 API reference, DescribeInstanceStatus. */
export function describeInstanceStatus(
  input: DescribeInstanceStatusRequest,
  cloud: Cloud,
): DescribeInstanceStatusResult {
  const { ec2 } = cloud.state
  if (input.InstanceIds?.length && input.MaxResults !== undefined) {
    throw invalidCombination('The parameter instancesSet cannot be used with the parameter maxResults')
  }
  const matches = filterBy<InstanceRecord>(input.Filters, {
    'availability-zone': (instance) => instance.zone,
    'instance-state-name': (instance) => instance.state,
    'instance-state-code': (instance) => stateView(instance.state).Code,
    'instance-status.status': (instance) => statusOf(instance),
    'instance-status.reachability': (instance) => (instance.state === 'running' ? 'passed' : undefined),
    'system-status.status': (instance) => statusOf(instance),
    'system-status.reachability': (instance) => (instance.state === 'running' ? 'passed' : undefined),
  })
  const asked = input.InstanceIds?.length ? requireInstances(ec2, input.InstanceIds) : Object.values(ec2.instances)
  endDryRun(input)
  const found = asked.filter(
    (instance) => (input.IncludeAllInstances || instance.state === 'running') && matches(instance),
  )
  found.sort((a, b) => a.sequence - b.sequence)
  const { page, NextToken } = paginate(found, (instance) => instance.sequence, input)
  return { InstanceStatuses: page.map(describeStatus), NextToken }
}

/** `running` comes only after the node's init said that sshd is about to listen, so the checks have passed. */
const statusOf = (instance: InstanceRecord) => (instance.state === 'running' ? 'ok' : 'not-applicable')

function describeStatus(instance: InstanceRecord): InstanceStatus {
  const running = instance.state === 'running'
  const summary: InstanceStatusSummary = {
    Status: statusOf(instance),
    Details: running ? [{ Name: 'reachability', Status: 'passed' }] : [],
  }
  return {
    InstanceId: instance.id,
    AvailabilityZone: instance.zone,
    AvailabilityZoneId: zoneIdOf(instance.zone),
    InstanceState: stateView(instance.state),
    InstanceStatus: summary,
    SystemStatus: summary,
    Events: [],
  }
}
