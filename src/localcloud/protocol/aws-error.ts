/**
 * An answer of AWS that says no: one of its error codes, its wording as far as it is known, an HTTP status.
 * Source: Amazon EC2 API reference, "Error codes" (docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
 */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message)
    this.name = 'AwsError'
  }
}

export function missingParameter(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`)
}

export function invalidValue(value: unknown, name: string, why = ''): AwsError {
  return new AwsError(
    'InvalidParameterValue',
    `Value (${String(value)}) for parameter ${name} is invalid. ${why}`.trim(),
  )
}

export function invalidCombination(message: string): AwsError {
  return new AwsError('InvalidParameterCombination', message)
}
