import { createHash, createHmac } from 'node:crypto'

/** A request as it came over the wire, nothing decoded. */
export interface WireRequest {
  readonly method: string
  /** Path and query as sent. */
  readonly target: string
  /** Lower-case names; repeated headers joined by `,`. */
  readonly headers: Readonly<Record<string, string>>
}

/** Parts of `AKID/20261122/local/ec2/aws4_request`. */
export interface CredentialScope {
  readonly accessKeyId: string
  readonly date: string
  readonly region: string
  readonly service: string
}

/** Source: AWS General Reference, "Create a signed AWS API request". S3 and our `/` paths are signed as sent. */
export function canonicalRequest(request: WireRequest, signedHeaders: readonly string[], payloadHash: string): string {
  const [path = '/', query = ''] = splitTarget(request.target)
  const headers = signedHeaders.map((name) => `${name}:${collapse(request.headers[name] ?? '')}\n`)
  return [
    request.method,
    path || '/',
    canonicalQuery(query),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

export function splitTarget(target: string): [path: string, query: string] {
  const at = target.indexOf('?')
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)]
}

export function signature(scope: CredentialScope, secret: string, amzDate: string, canonical: string): string {
  const toSign = ['AWS4-HMAC-SHA256', amzDate, scopeText(scope), sha256Hex(canonical)].join('\n')
  return hmac(signingKey(scope, secret), toSign).toString('hex')
}

export function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`
}

export function signingKey(scope: CredentialScope, secret: string): Buffer {
  return [scope.date, scope.region, scope.service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`))
}

export function hmac(key: Uint8Array, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest()
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** Sorted by encoded name, then value; the signature itself is left out of a presigned query. */
function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=')
      return at < 0 ? [reencode(pair), ''] : [reencode(pair.slice(0, at)), reencode(pair.slice(at + 1))]
    })
    .filter(([name]) => name !== 'X-Amz-Signature')
  return pairs
    .sort(([a, x], [b, y]) => compare(a!, b!) || compare(x!, y!))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Clients differ in what they leave unescaped; the canonical form escapes all but A-Z a-z 0-9 - . _ ~ */
function reencode(text: string): string {
  const percent = (c: string) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(decodeURIComponent(text)).replace(/[!'()*]/g, percent)
}

const collapse = (value: string) => value.trim().replace(/ +/g, ' ')
