import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import pLimit from 'p-limit'
import type { Stats } from 'ssh2'
import { RemoteFileError, SCPException } from './errors.js'
import { lstatIfThere, makedirs, realpath, replaceFile, setAttributes, statIfThere, unlink } from './files.js'
import { putLarge } from './put-large.js'
import { type PutSource, planPut } from './put-plan.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { isMissing, NO_SUCH_FILE, sftpCall } from './sftp-call.js'
import {
  copyAll,
  type DirectoryCopy,
  draftName,
  type FileCopy,
  type GoingCopy,
  joinPath,
  SMALL_FILE,
  type TransferOptions,
  transferError,
} from './transfer.js'

/**
 * Copies local files and directories to the node, as scp does: into `remote` when that is a directory there, else under
 * that name. Shell patterns are expanded here. Directories with all they contain, links inside them as links. Modes and times
 * are kept, owners are the login's (or those of a file that is replaced). @throws SCPException
 */
export async function put(
  host: RemoteHost,
  locals: string | readonly string[],
  remote = '.',
  options: TransferOptions = {},
): Promise<void> {
  const asked = typeof locals === 'string' ? [locals] : locals
  try {
    const sources = await planPut(asked).catch((error: unknown) => {
      throw error instanceof SCPException ? new SCPException(`${host.name}: ${error.message}`, { cause: error }) : error
    })
    await putSources(host, sources, remote, options)
  } catch (error) {
    throw transferError(host.name, `put ${asked.join(' ')} to ${remote}`, error, options.signal)
  }
}

/** The same for sources that were looked up already. */
export async function putSources(
  host: RemoteHost,
  sources: readonly PutSource[],
  remote: string,
  options: TransferOptions = {},
): Promise<void> {
  const isDirectory = (await statIfThere(host, remote))?.isDirectory() ?? false
  if (!isDirectory && (sources.length > 1 || remote.endsWith('/')))
    throw new SCPException(`${host.name}: ${remote} is no directory on the node`, { hint: 'make it first with mkdir' })
  const placed = sources.map((source) => {
    const place = isDirectory ? joinPath(remote, source.name) : remote
    const put = <T extends { to: string }>(entry: T): T => ({ ...entry, to: joinPath(place, entry.to) })
    return { directories: source.directories.map(put), files: source.files.map(put) }
  })
  const made = await makeDirectories(
    host,
    placed.flatMap(({ directories }) => directories),
  )
  const files = placed.flatMap((source) => source.files)
  const empty = new Set(made.map(({ to }) => to)) // nothing needs to be looked for in these
  const copy = async (file: FileCopy, going: GoingCopy) => {
    const there = empty.has(posix.dirname(file.to)) ? undefined : await lstatIfThere(host, file.to)
    await putFile(host, file, there, going, options)
  }
  await copyAll(files, copy, options)
  // last: a directory's time changes with what is put into it, and it may forbid that
  const limit = pLimit(32)
  const set = ({ to, mode, mtime }: DirectoryCopy) => setAttributes(host, to, { mode, mtime })
  const isOpen = ({ mode }: DirectoryCopy) => (mode & 0o300) === 0o300
  await Promise.all(made.filter(isOpen).map((directory) => limit(() => set(directory))))
  for (const directory of made.filter((one) => !isOpen(one)).reverse()) await set(directory)
}

/** @returns those that were not there */
async function makeDirectories(host: RemoteHost, directories: readonly DirectoryCopy[]): Promise<DirectoryCopy[]> {
  const made: DirectoryCopy[] = []
  for (const directory of directories)
    if (await makedirs(host, directory.to, directory.mode | 0o300)) made.push(directory)
  return made
}

async function putFile(
  host: RemoteHost,
  file: FileCopy,
  there: Stats | undefined,
  going: GoingCopy,
  options: TransferOptions,
): Promise<void> {
  if (there?.isDirectory()) throw new SCPException(`${host.name}: ${file.to} is a directory there`)
  if (file.link !== undefined) return putLink(host, file.link, file.to)
  const linked = there?.isSymbolicLink() ?? false
  const target = linked ? await realpath(host, file.to) : file.to
  // only root may give files away; for others the replaced file was theirs, or becomes so
  const owner = there && !linked && host.session.target.username === 'root' ? there : undefined
  const copy = { ...file, to: target }
  if (file.size > SMALL_FILE) return putLarge(host, copy, owner, going, options)
  try {
    await putSmall(host, copy, owner, going)
  } catch (error) {
    // sftp says "Failure" of a full disk, too; a program on the node says what it is
    if (!(error instanceof RemoteFileError) || error.status !== 4) throw error
    await putLarge(host, copy, owner, going, {})
  }
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

async function putSmall(
  host: RemoteHost,
  { from, to, mode, mtime }: FileCopy,
  owner: Owner | undefined,
  { signal }: GoingCopy,
): Promise<void> {
  const content = await readFile(from)
  const draft = draftName(to)
  try {
    await sftpCall(host, draft, (sftp, done) =>
      sftp.writeFile(remotePath(draft), content, { mode: 0o600 }, done as never),
    )
    await setAttributes(host, draft, { mode, mtime, ...(owner ? { uid: owner.uid, gid: owner.gid } : {}) })
    signal.throwIfAborted()
    await replaceFile(host, draft, to)
  } catch (error) {
    await removeDraft(host, draft, to, error)
    throw ofTarget(error, draft, to)
  }
}

async function putLink(host: RemoteHost, link: string, to: string): Promise<void> {
  const draft = draftName(to)
  try {
    await sftpCall(host, draft, (sftp, done) => sftp.symlink(link, remotePath(draft), done as never))
    await replaceFile(host, draft, to)
  } catch (error) {
    await removeDraft(host, draft, to, error)
    throw ofTarget(error, draft, to)
  }
}

/** The name of the draft says nothing to anybody. */
function ofTarget(error: unknown, draft: string, to: string): unknown {
  if (!(error instanceof RemoteFileError) || error.path !== draft) return error
  const { node, status, message } = error
  const why = status === NO_SUCH_FILE ? 'there is no such directory' : message.slice(`${node}: ${draft}: `.length)
  return new RemoteFileError(node, to, status, why, { cause: error })
}

async function removeDraft(host: RemoteHost, draft: string, to: string, error: unknown): Promise<void> {
  await unlink(host, draft).catch((left: unknown) => {
    if (!isMissing(left)) throw new AggregateError([error, left], `${to}: not copied, and ${draft} is left behind`)
  })
}
