import { StarClusterError } from '../errors.js'

export class InstanceDoesNotExist extends StarClusterError {
  readonly code = 'InstanceDoesNotExist'
}

export class InstanceNotRunning extends StarClusterError {
  readonly code = 'InstanceNotRunning'
  constructor(alias: string, state: string, hint?: string) {
    super(`${alias} is not running (${state})`, { hint })
  }
}

export class InvalidOperation extends StarClusterError {
  readonly code = 'InvalidOperation'
}

export class NodeError extends StarClusterError {
  readonly code = 'NodeError'
}

export class InvalidHostname extends StarClusterError {
  readonly code = 'InvalidHostname'
}
