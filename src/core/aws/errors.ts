import { StarClusterError } from '../errors.js'

/** A request AWS refused, with AWS's own error code as `code`. */
export class AWSError extends StarClusterError {
  constructor(
    readonly code: string,
    message: string,
    options: { cause?: unknown; hint?: string | undefined } = {},
  ) {
    super(message, options)
  }
}

export class KeyPairMismatch extends StarClusterError {
  readonly code = 'KeyPairMismatch'
}

export class AMIDoesNotExist extends StarClusterError {
  readonly code = 'AMIDoesNotExist'
}

export class InstanceTypeDoesNotExist extends StarClusterError {
  readonly code = 'InstanceTypeDoesNotExist'
}

export class ZoneDoesNotExist extends StarClusterError {
  readonly code = 'ZoneDoesNotExist'
}

export class SubnetDoesNotExist extends StarClusterError {
  readonly code = 'SubnetDoesNotExist'
}

export class VolumeDoesNotExist extends StarClusterError {
  readonly code = 'VolumeDoesNotExist'
}

export class PropagationException extends StarClusterError {
  readonly code = 'PropagationException'
}

/** True for an error of the SDK that carries one of AWS's codes, e.g. `InvalidGroup.NotFound`. */
export function isAwsError(error: unknown, ...codes: string[]): error is Error {
  return error instanceof Error && '$metadata' in error && (codes.length === 0 || codes.includes(error.name))
}

const hints: ReadonlyArray<[RegExp, string]> = [
  [
    /^(AuthFailure|SignatureDoesNotMatch|InvalidClientTokenId|ExpiredToken)/,
    'check the credentials in [aws info] or your AWS profile',
  ],
  [/^UnauthorizedOperation$/, 'these credentials may not do that: ask the administrator of the AWS account'],
  [/^Insufficient.*Capacity$/, 'try again later, another availability zone (-a) or another instance type (-i)'],
  [
    /^(InstanceLimitExceeded|VcpuLimitExceeded|MaxSpotInstanceCountExceeded)$/,
    'ask AWS for a higher quota, or start fewer or smaller nodes',
  ],
  [/^(RequestLimitExceeded|Throttling)/, 'AWS limits the rate of requests: wait a minute and try again'],
]

/** The SDK's error as one of ours that says what was asked; any other error as it is. */
export function explainAwsError(doing: string, error: unknown): unknown {
  if (!isAwsError(error)) return error
  const hint = hints.find(([pattern]) => pattern.test(error.name))?.[1]
  return new AWSError(error.name, `${doing}: ${error.message} (${error.name})`, { cause: error, hint })
}
