import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import { own } from '../resource-ids.js'
import type { InstanceRecord } from '../state.js'
import { interruptionOf } from './interruptions.js'
import { type SpotRequestRecord, type SpotStatus, setStatus, spotRequestsOf } from './records.js'

/**
 * Brings spot requests in line with their instances; saved with the next change.
 * Source: EC2 User Guide, "State changes for a Spot request", tables of status codes, request and instance states.
 */
export function followInstances(cloud: Cloud): void {
  const requests = cloud.state.ec2.spotRequests
  if (!requests) return
  for (const request of Object.values(requests)) {
    const instance = request.instanceId === undefined ? undefined : own(cloud.state.ec2.instances, request.instanceId)
    if (instance) follow(request, instance, cloud)
  }
}

function follow(request: SpotRequestRecord, instance: InstanceRecord, cloud: Cloud): void {
  const [state, code] = position(request, instance, cloud)
  request.state = state
  setStatus(request, code, cloud.now())
}

function position(
  { state }: SpotRequestRecord,
  instance: InstanceRecord,
  cloud: Cloud,
): readonly [SpotRequestRecord['state'], SpotStatus] {
  const interrupted = instance.stateReason?.code.startsWith('Server.SpotInstance')
  const cancelled = state === 'cancelled'
  switch (instance.state) {
    case 'pending':
    case 'running': {
      const coming = interruptionOf(cloud, instance.id)
      if (coming) return [state, coming.action === 'terminate' ? 'marked-for-termination' : 'marked-for-stop']
      return cancelled ? [state, 'request-canceled-and-instance-running'] : ['active', 'fulfilled']
    }
    case 'stopping':
    case 'stopped':
      return [cancelled ? state : 'disabled', interrupted ? 'instance-stopped-no-capacity' : 'instance-stopped-by-user']
    default:
      return [
        cancelled ? state : 'closed',
        interrupted ? 'instance-terminated-no-capacity' : 'instance-terminated-by-user',
      ]
  }
}

/** Such an instance never stops: at a shutdown from inside it ends, whatever its shutdown behaviour says. */
export function isOneTimeSpot({ spotRequestId = '' }: InstanceRecord, cloud: Cloud): boolean {
  return own(spotRequestsOf(cloud.state.ec2), spotRequestId)?.type === 'one-time'
}

/**
 * @throws AwsError UnsupportedOperation for an instance of a one-time request.
 * Source: github.com/cloud-custodian/cloud-custodian/issues/8003, EC2's answer quoted there.
 */
export function refuseStop(instance: InstanceRecord, cloud: Cloud): void {
  if (!isOneTimeSpot(instance, cloud)) return
  const message =
    `You can't stop the Spot Instance '${instance.id}' because it is associated with a one-time Spot Instance request. ` +
    'You can only stop Spot Instances associated with persistent Spot Instance requests.'
  throw new AwsError('UnsupportedOperation', message)
}

/**
 * @throws AwsError IncorrectSpotRequestState once the request was cancelled.
 * Source: EC2 API reference, "Error codes".
 */
export function refuseStart(instance: InstanceRecord, cloud: Cloud): void {
  const request = own(spotRequestsOf(cloud.state.ec2), instance.spotRequestId ?? '')
  if (request?.state !== 'cancelled') return
  const message =
    `You can't start the Spot Instance '${instance.id}' because the associated Spot Instance request is not in an ` +
    'appropriate state to support start.'
  throw new AwsError('IncorrectSpotRequestState', message)
}
