import type {
  InstanceStateChange,
  RebootInstancesRequest,
  StartInstancesRequest,
  StartInstancesResult,
  StopInstancesRequest,
  StopInstancesResult,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { allocatePublic } from '../network.js'
import { refuseStart, refuseStop } from '../spot/follow.js'
import type { InstanceRecord, InstanceState } from '../state.js'
import { unsupported } from '../unsupported.js'
import { requireInstances } from './describe-instances.js'
import { lifecycleOf } from './lifecycle.js'
import { nextState, REASONS, userInitiated } from './transitions.js'
import { stateView } from './view.js'

export function startInstances(input: StartInstancesRequest, cloud: Cloud): StartInstancesResult {
  const { ec2 } = cloud.state
  const moves = plan(cloud, input.InstanceIds, 'start')
  for (const { instance } of moves) refuseStart(instance, cloud)
  endDryRun(input)
  const going = moves.filter(({ next }) => next === 'pending')
  const open = going.filter(({ instance }) => instance.wantsPublicIp !== false)
  const addresses = allocatePublic(ec2, cloud.engine.publicPrefix, open.length)
  for (const [index, { instance }] of open.entries()) instance.publicIp = addresses[index] as string
  for (const { instance } of going) {
    instance.launchTime = cloud.now().toISOString()
    delete instance.stateReason
    delete instance.stateTransitionReason
  }
  return { StartingInstances: moves.map((move) => carryOut(cloud, move)) }
}

export function stopInstances(input: StopInstancesRequest, cloud: Cloud): StopInstancesResult {
  if (input.Hibernate) throw unsupported('hibernation')
  const moves = plan(cloud, input.InstanceIds, 'stop')
  for (const { instance } of moves) refuseStop(instance, cloud)
  for (const { instance } of moves)
    if (instance.disableApiStop) throw protectedBy(instance, 'stopped', 'disableApiStop')
  endDryRun(input)
  for (const { instance, next } of moves) if (next === 'stopping') byUser(cloud, instance)
  return { StoppingInstances: moves.map((move) => carryOut(cloud, move)) }
}

export function terminateInstances(input: TerminateInstancesRequest, cloud: Cloud): TerminateInstancesResult {
  const moves = plan(cloud, input.InstanceIds, 'terminate')
  for (const { instance, next } of moves) {
    if (next !== 'stay' && instance.disableApiTermination)
      throw protectedBy(instance, 'terminated', 'disableApiTermination')
  }
  endDryRun(input)
  for (const { instance, next } of moves) if (next === 'shutting-down') byUser(cloud, instance)
  return { TerminatingInstances: moves.map((move) => carryOut(cloud, move)) }
}

/** Asked for here, done by the lifecycle; the instance is `running` all the while, as on EC2. */
export function rebootInstances(input: RebootInstancesRequest, cloud: Cloud): undefined {
  const moves = plan(cloud, input.InstanceIds, 'reboot')
  endDryRun(input)
  for (const { instance, next } of moves) {
    if (next !== 'running') continue
    instance.rebootRequested = true
    lifecycleOf(cloud).due(instance.id)
  }
}

interface Move {
  readonly instance: InstanceRecord
  readonly next: InstanceState | 'stay'
}

/** All instances may make the move, or none does. */
function plan(
  cloud: Cloud,
  ids: readonly string[] | undefined,
  event: 'start' | 'stop' | 'terminate' | 'reboot',
): Move[] {
  const instances = requireInstances(cloud.state.ec2, ids ?? [])
  return instances.map((instance) => ({ instance, next: nextState(instance, event) }))
}

const protectedBy = (instance: InstanceRecord, done: string, attribute: string) =>
  new AwsError(
    'OperationNotPermitted',
    `The instance '${instance.id}' may not be ${done}. Modify its '${attribute}' instance attribute and try again.`,
  )

function byUser(cloud: Cloud, instance: InstanceRecord): void {
  instance.stateReason = REASONS.userInitiated()
  instance.stateTransitionReason = userInitiated(cloud.now())
}

/** A move that is under way already is pushed once more: an earlier step of the engine may have failed. */
function carryOut(cloud: Cloud, { instance, next }: Move): InstanceStateChange {
  const before = instance.state
  if (next !== 'stay') instance.state = next
  lifecycleOf(cloud).due(instance.id)
  return { InstanceId: instance.id, PreviousState: stateView(before), CurrentState: stateView(instance.state) }
}
