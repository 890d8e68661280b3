import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AuthError } from '../auth/auth-error.js'
import type { BodyStore, SpooledBody } from '../cloud.js'
import { AuthenticBody, type BodyChecks } from './authentic-body.js'

const MiB = 1024 * 1024

/**
 * Largest bodies taken, in bytes: those held in memory, which are queries with user data and policies and lists of keys,
 * and objects, which go to the disk as they come. Source: S3 user guide, "Amazon S3 multipart upload limits".
 */
export const BODY_LIMITS = { query: 4 * MiB, object: 5 * 1024 * MiB }

/** Reads a body to its end or to the limit, whichever comes first. @throws AuthError EntityTooLarge */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of limited(request, limit)) pieces.push(piece)
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

/** @throws AuthError */
export function authenticBody(raw: Buffer, checks: BodyChecks): { body: Buffer; headers: Record<string, string> } {
  const content = new AuthenticBody(checks)
  const pieces = content.push(raw)
  return { body: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), headers: content.end() }
}

/** A body into a file as it comes; nothing is left of one that is not what its headers say. @throws AuthError */
export async function spoolBody(
  request: IncomingMessage,
  checks: BodyChecks,
  store: BodyStore,
): Promise<{ spooled: SpooledBody; headers: Record<string, string> }> {
  const content = new AuthenticBody(checks)
  const md5 = createHash('md5')
  const file = await store.begin()
  try {
    let size = 0
    for await (const raw of limited(request, BODY_LIMITS.object)) {
      for (const piece of content.push(raw)) {
        md5.update(piece)
        size += piece.length
        await file.write(piece)
      }
    }
    const headers = content.end()
    return { spooled: { file, size, md5: md5.digest('hex') }, headers }
  } catch (error) {
    await file.drop()
    throw error
  }
}

/** Lets the rest of a refused body pass, up to 64 MiB: a client that is still writing would not read the answer. */
export async function drain(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return
  try {
    for await (const _piece of limited(request, 64 * MiB));
  } catch {
    // more than that, or nobody is there any more: the connection is closed
  }
}

async function* limited(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
  let size = 0
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    size += (piece as Buffer).length
    if (size > limit) throw tooLarge(limit)
    yield piece
  }
}

const tooLarge = (limit: number) =>
  new AuthError('EntityTooLarge', 400, `The local cloud takes at most ${limit / MiB} MiB in one such request.`)
