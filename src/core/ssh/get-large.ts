import { constants } from 'node:fs'
import { lstat, open, rename, rm } from 'node:fs/promises'
import { prefixDigest, remoteDigest } from './digest.js'
import { SCPException } from './errors.js'
import { holdPart } from './part-lock.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { streamFromFile } from './stream.js'
import { draftName, type FileCopy, type GoingCopy, RESUMABLE, resumableName, type TransferOptions } from './transfer.js'

/** Streams a file of the node into a part beside its target, which gets its name when all of it is there. */
export async function getLarge(
  host: RemoteHost,
  file: FileCopy,
  going: GoingCopy,
  { resume, onPartLeft }: TransferOptions,
): Promise<void> {
  if (resume !== true || file.size < RESUMABLE) {
    const draft = draftName(file.to)
    try {
      await fetch(host, file, draft, 0, going)
    } finally {
      await rm(draft, { force: true })
    }
    return
  }
  const part = resumableName(file.to, `${host.name} ${file.from}`)
  await using _ = await holdPart(part)
  const offset = await bytesThere(host, file, part)
  if (offset > 0) going.tell(offset, true)
  try {
    await fetch(host, file, part, offset, going)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') await rm(part, { force: true })
    else if ((await lstat(part).catch(() => undefined))?.size) onPartLeft?.(file.from)
    throw error
  }
}

async function fetch(
  host: RemoteHost,
  { from, to, mode, mtime }: FileCopy,
  part: string,
  offset: number,
  { signal, tell }: GoingCopy,
): Promise<void> {
  // a node that sends links must not have us write through one
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | (offset > 0 ? 0 : constants.O_TRUNC)
  const handle = await open(part, flags, 0o600)
  const sink = handle.createWriteStream({ start: offset, autoClose: false })
  try {
    await streamFromFile(host, remotePath(from), sink, { offset, signal, tell })
    await handle.chmod(mode)
    await handle.utimes(mtime, mtime)
  } finally {
    sink.destroy() // the handle waits for the end of its stream
    await handle.close()
  }
  signal.throwIfAborted()
  await rename(part, to)
}

/** How much of the file an earlier copy has left, when that is how the file on the node begins. */
async function bytesThere(host: RemoteHost, { from, to, size }: FileCopy, part: string): Promise<number> {
  const there = await lstat(part).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (!there || there.size === 0) return 0
  if (!there.isFile()) throw new SCPException(`${part} is no file, and in the way of the copy to ${to}`)
  if (there.size > size) return 0
  const [ours, theirs] = await Promise.all([prefixDigest(part, there.size), remoteDigest(host, from, there.size)])
  return ours === theirs ? there.size : 0
}
