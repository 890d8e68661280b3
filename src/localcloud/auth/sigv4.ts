import { timingSafeEqual } from 'node:crypto'
import { AuthError, type AwsService, authFailures } from './auth-error.js'
import {
  type CredentialScope,
  canonicalRequest,
  signature,
  splitTarget,
  type WireRequest,
} from './canonical-request.js'
import { type SigningKey, signingKey } from './signing-key.js'

export interface Verifier {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  now(): Date
}

/** Who asked which service, and how the body is protected. */
export interface Authenticated {
  readonly scope: CredentialScope
  readonly service: AwsService
  /** ISO 8601 basic, as signed. */
  readonly amzDate: string
  readonly signature: string
  /** x-amz-content-sha256 as sent: a hash, UNSIGNED-PAYLOAD or a STREAMING-... word. */
  readonly contentSha256: string
  /** What it was signed with. */
  readonly key: SigningKey
}

/** AWS allows a clock to be this wrong. */
const MAX_SKEW_MS = 15 * 60_000

/**
 * Checks the signature of everything but the body. A body hash that was signed still has to be compared with the body.
 * @param bodyHash hash of the whole body, for clients that sign it without sending x-amz-content-sha256.
 * @throws AuthError
 */
export function verifyRequest(request: WireRequest, bodyHash: () => string, verifier: Verifier): Authenticated {
  const query = new URLSearchParams(splitTarget(request.target)[1])
  const claim = query.has('X-Amz-Signature') ? presignedClaim(request, query) : headerClaim(request)
  const service = knownService(claim.scope.service)
  const token = request.headers['x-amz-security-token'] ?? query.get('X-Amz-Security-Token') ?? undefined
  const key = signingKey(verifier, claim.scope.accessKeyId, token, service, verifier.now())
  if (service !== 'sts' && claim.scope.region !== verifier.region) {
    throw authFailures.wrongRegion(service, claim.scope.region, verifier.region)
  }
  checkTime(claim, service, verifier.now())
  checkSignedHeaders(request, claim, service)
  const contentSha256 = claim.presigned
    ? presignedHash(request, query)
    : (request.headers['x-amz-content-sha256'] ?? bodyHash())
  const canonical = canonicalRequest(request, claim.signedHeaders, contentSha256)
  const expected = signature(claim.scope, key.secretAccessKey, claim.amzDate, canonical)
  if (!sameText(expected, claim.signature)) throw authFailures.wrongSignature(service)
  return { scope: claim.scope, service, amzDate: claim.amzDate, signature: expected, contentSha256, key }
}

/** The service a request claims to be for, also when nothing else about it is right: errors have that one's form. */
export function claimedService(request: WireRequest): AwsService {
  const credential =
    /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1] ??
    new URLSearchParams(splitTarget(request.target)[1]).get('X-Amz-Credential') ??
    ''
  const service = credential.split('/').at(-2)
  if (isService(service)) return service
  if (request.headers['x-amz-target']?.startsWith('AmazonSSM.')) return 'ssm'
  return request.method === 'POST' && splitTarget(request.target)[0] === '/' ? 'ec2' : 's3'
}

interface Claim {
  readonly scope: CredentialScope
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly amzDate: string
  readonly presigned?: { readonly expiresSeconds: number }
}

function headerClaim(request: WireRequest): Claim {
  const header = request.headers.authorization
  const service = claimedService(request)
  if (!header) throw authFailures.notSigned(service)
  const parts = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(header)?.[1]
  if (!parts) throw authFailures.malformed(service, 'Only AWS4-HMAC-SHA256 signatures are accepted.')
  const fields = new Map(parts.split(',').map((part) => splitOnce(part.trim())))
  const amzDate = request.headers['x-amz-date'] ?? ''
  return {
    scope: parseScope(fields.get('Credential') ?? '', service),
    signedHeaders: (fields.get('SignedHeaders') ?? '').split(';'),
    signature: fields.get('Signature') ?? '',
    amzDate,
  }
}

function presignedClaim(request: WireRequest, query: URLSearchParams): Claim {
  const service = claimedService(request)
  if (service !== 's3') throw authFailures.malformed(service, 'Only requests to S3 can be presigned here.')
  const missing = PRESIGNED.find((name) => !query.get(name))
  if (missing !== undefined) {
    throw badQuery(`Query-string authentication version 4 requires ${PRESIGNED.join(', ')}; there is no ${missing}`)
  }
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') {
    throw badQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  }
  const expiresSeconds = Number(query.get('X-Amz-Expires'))
  if (!Number.isInteger(expiresSeconds)) throw badQuery('X-Amz-Expires should be a number')
  if (expiresSeconds < 0) throw badQuery('X-Amz-Expires must be non-negative')
  if (expiresSeconds > 604_800) {
    throw badQuery(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    )
  }
  return {
    scope: parseScope(query.get('X-Amz-Credential') ?? '', service),
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    amzDate: query.get('X-Amz-Date') ?? '',
    presigned: { expiresSeconds },
  }
}

/** Source: S3 API reference, "Authenticating requests: using query parameters". */
const PRESIGNED = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-Date',
  'X-Amz-SignedHeaders',
  'X-Amz-Expires',
]

const badQuery = (message: string) => new AuthError('AuthorizationQueryParametersError', 400, message)

/** Mostly the word for a body of any kind; a signer that knows the body may say its hash. */
const presignedHash = (request: WireRequest, query: URLSearchParams) =>
  query.get('X-Amz-Content-Sha256') ?? request.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD'

function parseScope(credential: string, service: AwsService): CredentialScope {
  const parts = credential.split('/')
  const [accessKeyId, date, region, name, terminator] = parts
  if (parts.length !== 5 || terminator !== 'aws4_request') {
    throw authFailures.malformed(service, `The Credential '${credential}' is not KEY/DATE/REGION/SERVICE/aws4_request.`)
  }
  return { accessKeyId: accessKeyId!, date: date!, region: region!, service: name! }
}

function checkTime(claim: Claim, service: AwsService, now: Date): void {
  const at = parseAmzDate(claim.amzDate)
  if (at === undefined || !claim.amzDate.startsWith(claim.scope.date)) {
    throw authFailures.malformed(service, `The date '${claim.amzDate}' is missing, malformed or not the scope's.`)
  }
  const age = now.getTime() - at
  if (claim.presigned) {
    if (age < -MAX_SKEW_MS) throw new AuthError('AccessDenied', 403, 'Request is not yet valid')
    if (age > claim.presigned.expiresSeconds * 1000) throw new AuthError('AccessDenied', 403, 'Request has expired')
  } else if (Math.abs(age) > MAX_SKEW_MS) throw authFailures.skewed(service, claim.amzDate)
}

/** What is not signed could be changed on the way: host and every x-amz header must be covered, as AWS asks. */
function checkSignedHeaders(request: WireRequest, claim: Claim, service: AwsService): void {
  const signed = new Set(claim.signedHeaders)
  const mustBe = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))]
  const left = mustBe.filter((name) => !signed.has(name))
  if (left.length > 0) {
    throw service === 's3'
      ? new AuthError('AccessDenied', 403, 'There were headers present in the request which were not signed', {
          HeadersNotSigned: left.join(', '),
        })
      : authFailures.wrongSignature(service)
  }
}

function parseAmzDate(text: string): number | undefined {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  return m ? Date.parse(`${m[1]}-${m[2]}-${m[3]}T${m[4]}:${m[5]}:${m[6]}Z`) : undefined
}

function knownService(name: string): AwsService {
  if (isService(name)) return name
  throw new AuthError('InvalidAction', 400, `The local cloud has no service '${name}'; it has ec2, s3, ssm and sts.`)
}

const isService = (name: string | undefined): name is AwsService =>
  name === 'ec2' || name === 's3' || name === 'sts' || name === 'ssm'

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at), text.slice(at + 1)]
}

function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}
