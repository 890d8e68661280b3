import { AwsError } from '../protocol/aws-error.js'

/** What EC2 has and this cloud has not: refused, since a request that is half obeyed misleads. */
export function unsupported(what: string): AwsError {
  return new AwsError('UnsupportedOperation', `The local cloud does not have ${what}.`)
}
