import type { IncomingMessage } from 'node:http'
import { AuthError } from '../auth/auth-error.js'
import { decodeAwsChunked } from '../auth/aws-chunked.js'
import { sha256Hex } from '../auth/canonical-request.js'
import { checksumHeaders, mismatch } from '../auth/checksums.js'
import type { Authenticated } from '../auth/sigv4.js'

const MiB = 1024 * 1024

/** Largest bodies taken, in bytes: queries with user data and policies, and objects (all of it is held in memory). */
export const BODY_LIMITS = { query: 4 * MiB, object: 512 * MiB }

/** Reads a body to its end or to the limit, whichever comes first. @throws AuthError EntityTooLarge */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  const pieces: Buffer[] = []
  let size = 0
  if (announced > limit) throw tooLarge(limit)
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > limit) throw tooLarge(limit)
    pieces.push(piece)
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

/**
 * The body that the signature vouches for: hash compared, pieces joined, and what the client said about its content
 * (Content-MD5, x-amz-checksum-*, in headers or trailers) found true. Headers come back without the coding of the wire.
 */
export function authenticBody(
  raw: Buffer,
  headers: Readonly<Record<string, string>>,
  auth: Authenticated,
  secret: string,
): { body: Buffer; headers: Record<string, string> } {
  const plain = auth.contentSha256.startsWith('STREAMING-')
    ? joined(raw, headers, auth, secret)
    : { body: raw, headers: { ...headers } }
  if (/^[0-9a-f]{64}$/i.test(auth.contentSha256) && sha256Hex(raw) !== auth.contentSha256.toLowerCase()) {
    const code = auth.service === 's3' ? 'XAmzContentSHA256Mismatch' : 'SignatureDoesNotMatch'
    throw new AuthError(code, 400, "The provided 'x-amz-content-sha256' header does not match what was computed.")
  }
  if (auth.service === 's3') checkContent(plain.body, plain.headers)
  return plain
}

function joined(raw: Buffer, headers: Readonly<Record<string, string>>, auth: Authenticated, secret: string) {
  const length = Number(headers['x-amz-decoded-content-length'])
  if (!Number.isInteger(length)) {
    throw new AuthError('MissingContentLength', 411, 'You must provide the x-amz-decoded-content-length HTTP header.')
  }
  const { body, trailers } = decodeAwsChunked(raw, auth, secret, length)
  const { 'content-encoding': coding, ...rest } = headers
  const left = (coding ?? '').split(',').flatMap((word) => (word.trim() === 'aws-chunked' ? [] : word.trim() || []))
  const kept = left.length > 0 ? { 'content-encoding': left.join(',') } : {}
  return { body, headers: { ...rest, ...trailers, ...kept, 'content-length': String(body.length) } }
}

function checkContent(body: Buffer, headers: Readonly<Record<string, string>>): void {
  const md5 = headers['content-md5']
  if (md5 !== undefined && mismatch({ md5 }, body)) {
    throw new AuthError('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.')
  }
  const bad = mismatch(checksumHeaders(headers), body)
  if (bad?.unknown) {
    throw new AuthError('NotImplemented', 501, `The local cloud cannot check ${bad.algorithm} checksums.`)
  }
  if (bad) {
    const name = bad.algorithm.toUpperCase()
    throw new AuthError('BadDigest', 400, `The ${name} you specified did not match the calculated checksum.`)
  }
}

const tooLarge = (limit: number) =>
  new AuthError('EntityTooLarge', 400, `The local cloud takes at most ${limit / MiB} MiB in one request.`)
