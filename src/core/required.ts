import { inspect } from 'node:util'
import { StarClusterError } from './errors.js'

/** A call without something it needs. Types tell so where there are any; a line of the shell has none. */
export class MissingArgument extends StarClusterError {
  readonly code = 'MissingArgument'
}

/**
 * @param what such as `the name of a cluster`
 * @throws MissingArgument when the value is no text
 */
export function requireText(what: string, value: unknown): asserts value is string {
  if (typeof value === 'string') return
  throw new MissingArgument(
    value === undefined ? `${what} is missing` : `${what} must be a text, not ${inspect(value, { depth: 0 })}`,
  )
}
