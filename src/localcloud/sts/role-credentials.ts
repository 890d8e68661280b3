import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Who acts: a role, in the name of an instance. */
export interface RoleSession {
  readonly role: string
  /** Instance id. */
  readonly name: string
  /** Milliseconds since 1970. */
  readonly issued: number
  readonly expires: number
}

export interface RoleCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

/** Temporary credentials that need not be remembered: the token says whose they are, and all follows from it and a secret. */
export function issueRoleCredentials(secret: string, session: RoleSession): RoleCredentials {
  const claims = Buffer.from(JSON.stringify(session)).toString('base64url')
  return credentialsOf(secret, `${claims}.${seal(secret, `token ${claims}`)}`)
}

/** The session and credentials of a token that was issued with this secret; undefined for any other. It may be over. */
export function readRoleToken(
  secret: string,
  token: string,
): { session: RoleSession; credentials: RoleCredentials } | undefined {
  const [claims = '', sealed = '', ...rest] = token.split('.')
  const right = Buffer.from(seal(secret, `token ${claims}`))
  const given = Buffer.from(sealed)
  if (rest.length > 0 || right.length !== given.length || !timingSafeEqual(right, given)) return undefined
  const session = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as RoleSession
  return { session, credentials: credentialsOf(secret, token) }
}

/** As the local cloud's own key begins with LKIA, temporary ones begin with LSIA: AWS's are AKIA and ASIA. */
function credentialsOf(secret: string, sessionToken: string): RoleCredentials {
  const id = createHash('sha256').update(`id ${sessionToken}`).digest('hex').toUpperCase().slice(0, 16)
  return { accessKeyId: `LSIA${id}`, secretAccessKey: seal(secret, `secret ${sessionToken}`), sessionToken }
}

const seal = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('base64url')
