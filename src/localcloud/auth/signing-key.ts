import { type RoleSession, readRoleToken } from '../sts/role-credentials.js'
import { AuthError, type AwsService, authFailures } from './auth-error.js'

export interface CloudKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The secret a request must be signed with, and the role session it is of; none for the cloud's own key. */
export interface SigningKey {
  readonly secretAccessKey: string
  readonly session?: RoleSession
}

/**
 * @param token x-amz-security-token, as sent
 * @throws AuthError for a key nobody has, a token that does not belong to it, a session that is over
 */
export function signingKey(
  own: CloudKey,
  accessKeyId: string,
  token: string | undefined,
  service: AwsService,
  now: Date,
): SigningKey {
  if (accessKeyId === own.accessKeyId) return own
  const known = token === undefined ? undefined : readRoleToken(own.secretAccessKey, token)
  if (known?.credentials.accessKeyId !== accessKeyId) throw authFailures.unknownKey(service)
  if (known.session.expires <= now.getTime()) {
    throw service === 'ec2'
      ? new AuthError('RequestExpired', 400, 'Request has expired.')
      : new AuthError(...EXPIRED[service], 'The provided token has expired.')
  }
  return { secretAccessKey: known.credentials.secretAccessKey, session: known.session }
}

/** EC2 has a code of its own. */
const EXPIRED: Readonly<Record<Exclude<AwsService, 'ec2'>, readonly [code: string, status: number]>> = {
  s3: ['ExpiredToken', 400],
  sts: ['ExpiredToken', 403],
  ssm: ['ExpiredTokenException', 400],
}
