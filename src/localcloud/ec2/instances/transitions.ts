import type { Cloud } from '../../cloud.js'
import { AwsError } from '../../protocol/aws-error.js'
import type { InstanceRecord, InstanceState } from '../state.js'
import { releaseInterface } from '../vpc/find-interface.js'

/** What somebody may ask of an instance, or what may happen to it. */
export type Event = 'start' | 'stop' | 'terminate' | 'reboot' | 'exit'

/** `stay`: nothing to do and no error. Source: EC2 User Guide, "Amazon EC2 instance state changes". */
const TABLE: Readonly<Record<Event, Partial<Record<InstanceState, InstanceState | 'stay'>>>> = {
  start: { stopped: 'pending', pending: 'stay', running: 'stay' },
  stop: { pending: 'stopping', running: 'stopping', stopping: 'stay', stopped: 'stay' },
  terminate: {
    pending: 'shutting-down',
    running: 'shutting-down',
    stopping: 'shutting-down',
    stopped: 'shutting-down',
    'shutting-down': 'stay',
    terminated: 'stay',
  },
  reboot: { running: 'running', pending: 'stay' },
  exit: { running: 'stopping' },
}

export const mayTake = (instance: InstanceRecord, event: Event) => TABLE[event][instance.state] !== undefined

/** @throws AwsError IncorrectInstanceState, for a reboot IncorrectState */
export function nextState(instance: InstanceRecord, event: Event): InstanceState | 'stay' {
  const next = TABLE[event][instance.state]
  if (event === 'stop' && instance.state === 'pending' && !instance.hasRun) throw neverRan(instance)
  if (next !== undefined) return next
  if (event === 'reboot') {
    const message = `The instance '${instance.id}' is not in a state from which it can be rebooted (${instance.state}).`
    throw new AwsError('IncorrectState', message)
  }
  const done = event === 'start' ? 'started' : 'stopped'
  const message = `This instance '${instance.id}' is not in a state from which it can be ${done}.`
  throw new AwsError('IncorrectInstanceState', message)
}

/** Source: github.com/cloud-custodian/cloud-custodian/pull/6014, EC2's answer quoted there. */
function neverRan(instance: InstanceRecord): AwsError {
  const message = `Instance '${instance.id}' cannot be stopped as it has never reached the 'running' state.`
  return new AwsError('IncorrectInstanceState', message)
}

/** Source: EC2 API reference, StateReason. */
export const REASONS = {
  userInitiated: () => reason('Client.UserInitiatedShutdown', 'User initiated shutdown'),
  instanceInitiated: () => reason('Client.InstanceInitiatedShutdown', 'Instance initiated shutdown'),
  spotTermination: () => reason('Server.SpotInstanceTermination', 'Spot instance termination'),
  spotShutdown: () => reason('Server.SpotInstanceShutdown', 'Spot instance shutdown'),
  internalError: (message: string) => reason('Server.InternalError', message),
}

const reason = (code: string, message: string) => ({ code, message: `${code}: ${message}` })

export function userInitiated(now: Date): string {
  return `User initiated (${now.toISOString().slice(0, 19).replace('T', ' ')} GMT)`
}

/** Arrival in a state in which an instance stays. */
export function settle(cloud: Cloud, instance: InstanceRecord, state: 'running' | 'stopped' | 'terminated'): void {
  instance.state = state
  if (state === 'running') {
    instance.hasRun = true
    delete instance.stateReason
    delete instance.stateTransitionReason
    return
  }
  delete instance.publicIp
  delete instance.rebootRequested
  if (state !== 'terminated') return
  instance.terminatedAt = cloud.now().toISOString()
  releaseInterface(cloud.state.ec2, instance)
}
