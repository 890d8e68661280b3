import { createHash, type Hash } from 'node:crypto'
import { AuthError } from './auth-error.js'
import { hmac, scopeText, sha256Hex, signingKey } from './canonical-request.js'
import type { Authenticated } from './sigv4.js'

/** A line of the coding, or all trailers, is never longer. */
const MAX_TEXT = 16 * 1024

/**
 * Undoes the aws-chunked coding of S3 uploads (STREAMING-... in x-amz-content-sha256) as the bytes come, checking each
 * piece's signature where the pieces are signed. Bytes are handed on before their signature has come: what was made of
 * them holds only once `end` has not thrown.
 *
 * Source: S3 API, "Signature calculations: transferring payload in multiple chunks".
 */
export class AwsChunkedDecoder {
  private readonly chain: Chain | undefined
  private state: 'header' | 'data' | 'after data' | 'trailers' = 'header'
  private text: Buffer = Buffer.alloc(0)
  private left = 0
  private size = 0

  constructor(
    private readonly auth: Authenticated,
    secret: string,
    /** Bytes that were announced. */
    private readonly length: number,
  ) {
    const signed = auth.contentSha256.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')
    this.chain = signed ? new Chain(auth, secret) : undefined
  }

  /** @returns the bytes that were meant, in order. @throws AuthError */
  push(raw: Buffer): Buffer[] {
    const pieces: Buffer[] = []
    let rest = raw
    while (rest.length > 0) {
      if (this.state === 'data') rest = this.takeData(rest, pieces)
      else rest = this.takeText(rest)
    }
    return pieces
  }

  /** @returns the headers that came after the bytes. @throws AuthError */
  end(): Record<string, string> {
    if (this.state !== 'trailers' || this.size !== this.length) throw incomplete()
    const trailers = parseTrailers(this.text.toString('latin1'))
    if (this.auth.contentSha256.endsWith('-PAYLOAD-TRAILER')) this.chain?.checkTrailers(trailers)
    return trailers
  }

  private takeData(raw: Buffer, pieces: Buffer[]): Buffer {
    const piece = raw.subarray(0, this.left)
    this.chain?.update(piece)
    pieces.push(piece)
    this.left -= piece.length
    if (this.left === 0) this.state = 'after data'
    return raw.subarray(piece.length)
  }

  /** Lines: the size before a piece, the empty one behind it. Trailers are gathered whole. */
  private takeText(raw: Buffer): Buffer {
    const text = Buffer.concat([this.text, raw])
    const end = this.state === 'trailers' ? -1 : text.indexOf('\r\n')
    if ((end < 0 ? text.length : end) > MAX_TEXT) throw incomplete()
    if (end < 0) {
      this.text = text
      return raw.subarray(raw.length)
    }
    this.text = Buffer.alloc(0)
    this.takeLine(text.toString('latin1', 0, end))
    return text.subarray(end + 2)
  }

  private takeLine(line: string): void {
    if (this.state === 'after data') {
      if (line !== '') throw incomplete()
      this.chain?.checkPiece()
      this.state = 'header'
      return
    }
    const header = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line)
    if (!header) throw incomplete()
    this.left = Number.parseInt(header[1]!, 16)
    this.size += this.left
    if (this.size > this.length) throw incomplete()
    this.chain?.begin(header[2])
    if (this.left > 0) this.state = 'data'
    else {
      this.chain?.checkPiece()
      this.state = 'trailers'
    }
  }
}

/** Each piece's signature covers the one before it, beginning with the request's own. */
class Chain {
  private previous: string
  private readonly key: Buffer
  private readonly head: string
  private hash: Hash = createHash('sha256')
  private sent: string | undefined

  constructor(auth: Authenticated, secret: string) {
    this.previous = auth.signature
    this.key = signingKey(auth.scope, secret)
    this.head = `${auth.amzDate}\n${scopeText(auth.scope)}`
  }

  begin(sent: string | undefined): void {
    this.hash = createHash('sha256')
    this.sent = sent
  }

  update(data: Uint8Array): void {
    this.hash.update(data)
  }

  checkPiece(): void {
    const hash = this.hash.digest('hex')
    this.compare(`AWS4-HMAC-SHA256-PAYLOAD\n${this.head}\n${this.previous}\n${EMPTY_HASH}\n${hash}`, this.sent)
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
