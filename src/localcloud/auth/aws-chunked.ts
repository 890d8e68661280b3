import { AuthError } from './auth-error.js'
import { hmac, scopeText, sha256Hex, signingKey } from './canonical-request.js'
import type { Authenticated } from './sigv4.js'

/** A body sent in pieces: the bytes that were meant, and the headers that came after them. */
export interface DecodedBody {
  readonly body: Buffer
  readonly trailers: Readonly<Record<string, string>>
}

/**
 * Undoes the aws-chunked coding of S3 uploads (STREAMING-... in x-amz-content-sha256), checking each piece's signature
 * where the pieces are signed. Source: S3 API, "Signature calculations: transferring payload in multiple chunks".
 * @throws AuthError
 */
export function decodeAwsChunked(raw: Buffer, auth: Authenticated, secret: string, length: number): DecodedBody {
  const chain = auth.contentSha256.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')
    ? new Chain(auth, secret)
    : undefined
  const pieces: Buffer[] = []
  let at = 0
  for (;;) {
    const end = raw.indexOf('\r\n', at)
    const header = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(raw.toString('latin1', at, end))
    if (end < 0 || !header) throw incomplete()
    const size = Number.parseInt(header[1]!, 16)
    const piece = raw.subarray(end + 2, end + 2 + size)
    if (piece.length !== size) throw incomplete()
    chain?.check(piece, header[2])
    at = end + 2 + size
    if (size === 0) break
    if (raw.toString('latin1', at, at + 2) !== '\r\n') throw incomplete()
    at += 2
    pieces.push(piece)
  }
  const body = Buffer.concat(pieces)
  if (body.length !== length) throw incomplete()
  const trailers = parseTrailers(raw.toString('latin1', at))
  if (auth.contentSha256.endsWith('-PAYLOAD-TRAILER')) chain?.checkTrailers(trailers)
  return { body, trailers }
}

/** Each piece's signature covers the one before it, beginning with the request's own. */
class Chain {
  private previous: string
  private readonly key: Buffer
  private readonly head: string

  constructor(auth: Authenticated, secret: string) {
    this.previous = auth.signature
    this.key = signingKey(auth.scope, secret)
    this.head = `${auth.amzDate}\n${scopeText(auth.scope)}`
  }

  check(piece: Uint8Array, sent: string | undefined): void {
    this.compare(`AWS4-HMAC-SHA256-PAYLOAD\n${this.head}\n${this.previous}\n${EMPTY_HASH}\n${sha256Hex(piece)}`, sent)
  }

  checkTrailers(trailers: Readonly<Record<string, string>>): void {
    const { [SIGNATURE_TRAILER]: sent, ...signed } = trailers
    const text = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`)
    this.compare(`AWS4-HMAC-SHA256-TRAILER\n${this.head}\n${this.previous}\n${sha256Hex(text.join(''))}`, sent)
  }

  private compare(toSign: string, sent: string | undefined): void {
    this.previous = hmac(this.key, toSign).toString('hex')
    if (this.previous !== sent) {
      throw new AuthError('SignatureDoesNotMatch', 403, 'The signature of a piece of the body does not match.')
    }
  }
}

function parseTrailers(text: string): Record<string, string> {
  const trailers: Record<string, string> = {}
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf(':')
    if (at > 0) trailers[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim()
  }
  return trailers
}

const incomplete = () =>
  new AuthError('IncompleteBody', 400, 'The request body does not have the length or the form its headers announce.')

const SIGNATURE_TRAILER = 'x-amz-trailer-signature'
const EMPTY_HASH = sha256Hex('')
