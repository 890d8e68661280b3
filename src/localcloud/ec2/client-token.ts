import { createHash } from 'node:crypto'
import { AwsError } from '../protocol/aws-error.js'

/** Of a request's parameters: the same client token with others is an error. */
export function fingerprintOf(input: { ClientToken?: string | undefined; DryRun?: boolean | undefined }): string {
  const { ClientToken: _token, DryRun: _dryRun, ...rest } = input
  return createHash('sha256')
    .update(JSON.stringify(sorted(rest)))
    .digest('hex')
}

/** Parameters in another order are the same request. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}

/** @throws AwsError InvalidParameterValue */
export function checkToken(token: string): void {
  if (token.length > 64) throw new AwsError('InvalidParameterValue', 'ClientToken must be at most 64 characters long')
}

/** Source: EC2 API reference, "Ensuring idempotency in Amazon EC2 API requests". */
export function tokenMismatch(): AwsError {
  const message = 'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).'
  return new AwsError('IdempotentParameterMismatch', message)
}
