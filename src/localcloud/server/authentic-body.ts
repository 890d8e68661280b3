import { createHash, type Hash } from 'node:crypto'
import { AuthError } from '../auth/auth-error.js'
import { AwsChunkedDecoder } from '../auth/aws-chunked.js'
import { type Checksum, checksum, checksumHeaders, checksumName, isSame } from '../auth/checksums.js'
import type { Authenticated } from '../auth/sigv4.js'

export interface BodyChecks {
  readonly headers: Readonly<Record<string, string>>
  readonly auth: Authenticated
  readonly secret: string
  /** x-amz-checksum-* is of this body; false: of what the request is about. */
  readonly checksums: boolean
}

/**
 * The body that a signature vouches for, as it comes: hash compared, pieces joined, and what the client said about its
 * content (Content-MD5, x-amz-checksum-*, in headers or trailers) found true. All of it holds once `end` has not thrown.
 */
export class AuthenticBody {
  private readonly decoder: AwsChunkedDecoder | undefined
  private readonly hash: Hash | undefined
  private readonly sums = new Map<string, Checksum>()
  private bytes = 0

  /** @throws AuthError */
  constructor(private readonly checks: BodyChecks) {
    const { headers, auth, secret } = checks
    this.decoder = auth.contentSha256.startsWith('STREAMING-')
      ? new AwsChunkedDecoder(auth, secret, decodedLength(headers))
      : undefined
    this.hash = /^[0-9a-f]{64}$/i.test(auth.contentSha256) ? createHash('sha256') : undefined
    if (auth.service !== 's3') return
    const trailing = (headers['x-amz-trailer'] ?? '').split(',').map((name) => checksumName(name.trim().toLowerCase()))
    const named = checks.checksums ? [...Object.keys(checksumHeaders(headers)), ...trailing] : []
    if (headers['content-md5'] !== undefined) named.push('md5')
    for (const name of named) if (name !== undefined) this.sums.set(name, known(name))
  }

  /** @returns the bytes that were meant. @throws AuthError */
  push(raw: Buffer): Buffer[] {
    this.hash?.update(raw)
    const pieces = this.decoder ? this.decoder.push(raw) : [raw]
    for (const piece of pieces) {
      this.bytes += piece.length
      for (const sum of this.sums.values()) sum.update(piece)
    }
    return pieces
  }

  /** @returns the headers without the coding of the wire, trailers among them. @throws AuthError */
  end(): Record<string, string> {
    const { auth } = this.checks
    if (this.hash && this.hash.digest('hex') !== auth.contentSha256.toLowerCase()) {
      const code = auth.service === 's3' ? 'XAmzContentSHA256Mismatch' : 'SignatureDoesNotMatch'
      throw new AuthError(code, 400, "The provided 'x-amz-content-sha256' header does not match what was computed.")
    }
    const trailers = this.decoder?.end()
    const headers = trailers ? this.decodedHeaders(trailers) : { ...this.checks.headers }
    if (auth.service === 's3') this.checkContent(headers)
    return headers
  }

  private decodedHeaders(trailers: Readonly<Record<string, string>>): Record<string, string> {
    const { 'content-encoding': coding, ...rest } = this.checks.headers
    const left = (coding ?? '').split(',').flatMap((word) => (word.trim() === 'aws-chunked' ? [] : word.trim() || []))
    const kept = left.length > 0 ? { 'content-encoding': left.join(',') } : {}
    return { ...rest, ...trailers, ...kept, 'content-length': String(this.bytes) }
  }

  private checkContent(headers: Readonly<Record<string, string>>): void {
    const digests = new Map([...this.sums].map(([name, sum]) => [name, sum.digest()]))
    const md5 = headers['content-md5']
    if (md5 !== undefined && !isSame(md5, digests.get('md5')!)) {
      throw new AuthError('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.')
    }
    if (!this.checks.checksums) return
    for (const [name, value] of Object.entries(checksumHeaders(headers))) {
      const digest = digests.get(name)
      if (!digest) throw new AuthError('MalformedTrailerError', 400, `The x-amz-trailer header does not name ${name}.`)
      if (isSame(value, digest)) continue
      const message = `The ${name.toUpperCase()} you specified did not match the calculated checksum.`
      throw new AuthError('BadDigest', 400, message)
    }
  }
}

function known(name: string): Checksum {
  const made = checksum(name)
  if (made) return made
  throw new AuthError('NotImplemented', 501, `The local cloud cannot check ${name} checksums.`)
}

function decodedLength(headers: Readonly<Record<string, string>>): number {
  const length = headers['x-amz-decoded-content-length']
  if (length !== undefined && /^\d+$/.test(length)) return Number(length)
  throw new AuthError('MissingContentLength', 411, 'You must provide the x-amz-decoded-content-length HTTP header.')
}
