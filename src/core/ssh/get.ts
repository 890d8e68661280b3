import {
  chmod,
  lstat,
  mkdir,
  realpath as realLocal,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { SCPException } from './errors.js'
import { realpath } from './files.js'
import { getLarge } from './get-large.js'
import { expandRemote, type GetPlan, planGet } from './get-plan.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { sftpCall } from './sftp-call.js'
import {
  baseName,
  copyAll,
  draftName,
  type FileCopy,
  type GoingCopy,
  joinPath,
  SMALL_FILE,
  type TransferOptions,
  transferError,
} from './transfer.js'

/**
 * Copies files and directories of the node here, as scp does: into `local` when that is a directory, else under that
 * name. Shell patterns are expanded on the node. Directories with all they contain, links inside them as links; modes and
 * times are kept. @throws SCPException
 */
export async function get(
  host: RemoteHost,
  remotes: string | readonly string[],
  local = '.',
  options: TransferOptions = {},
): Promise<void> {
  const asked = typeof remotes === 'string' ? [remotes] : remotes
  try {
    const sources = (await Promise.all(asked.map((path) => expandRemote(host, path)))).flat()
    const isDirectory = (await ifThere(stat(local || '.')))?.isDirectory() ?? false
    if (!isDirectory && (sources.length > 1 || local.endsWith('/')))
      throw new SCPException(`${host.name}: ${local} is no directory here`, { hint: 'make it first' })
    const plan: GetPlan = { directories: [], files: [] }
    for (const source of sources)
      await planGet(host, plan, source, isDirectory ? joinPath(local || '.', await nameOf(host, source)) : local)
    const made = await makeDirectories(host, plan.directories)
    await copyAll(plan.files, (file, going) => getFile(host, file, going, options), options)
    // last, and from the innermost: a directory's time changes with what is put into it, and it may forbid that
    for (const { to, mode, mtime } of made.reverse()) await setAttributes(to, mode, mtime)
  } catch (error) {
    throw transferError(host.name, `get ${asked.join(' ')} to ${local || '.'}`, ofHere(error), options.signal)
  }
}

/** `.`, `..` and `~` have a name of their own only on the node. */
async function nameOf(host: RemoteHost, path: string): Promise<string> {
  const name = baseName(path)
  if (!['', '.', '..', '~'].includes(name)) return name
  const real = baseName(await realpath(host, path)) || 'root'
  if (real !== '.' && real !== '..') return real
  throw new SCPException(`${host.name}: the node gives ${path} no name`)
}

/** @returns those that were not there */
async function makeDirectories(host: RemoteHost, directories: GetPlan['directories']): Promise<GetPlan['directories']> {
  const made: GetPlan['directories'] = []
  for (const directory of directories) {
    const { to, mode, inside } = directory
    // a node must not make us write elsewhere through a link that it had us make before
    if (inside && (await ifThere(lstat(to)))?.isSymbolicLink())
      throw new SCPException(`${host.name}: ${to} is a link here and a directory there`, {
        hint: 'remove the link first',
      })
    if (await mkdir(to, { recursive: true, mode: mode | 0o700 })) made.push(directory)
  }
  return made
}

async function getFile(host: RemoteHost, file: FileCopy, going: GoingCopy, options: TransferOptions): Promise<void> {
  const { from, to, link, inside } = file
  const there = await ifThere(lstat(to))
  if (there?.isDirectory()) throw new SCPException(`${host.name}: ${to} is a directory here`)
  const target = there?.isSymbolicLink() && !inside ? await realLocal(to).catch(() => to) : to
  if (file.size > SMALL_FILE) return getLarge(host, { ...file, to: target }, going, options)
  const draft = draftName(target)
  try {
    if (link !== undefined) await symlink(link, draft)
    else {
      const content = await sftpCall<Buffer>(host, from, (sftp, done) => sftp.readFile(remotePath(from), done))
      await writeFile(draft, content, { mode: 0o600, flag: 'wx' })
      await setAttributes(draft, file.mode, file.mtime)
    }
    going.signal.throwIfAborted()
    await rename(draft, target)
  } finally {
    await rm(draft, { force: true })
  }
}

async function setAttributes(path: string, mode: number, mtime: number): Promise<void> {
  await chmod(path, mode)
  await utimes(path, mtime, mtime)
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const HERE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk here is full',
  EDQUOT: 'the disk quota here is used up',
  ENOENT: 'there is no such directory here',
  ENOTDIR: 'there is no such directory here',
  EACCES: 'this may not be written here',
}

/** What Node says of files names system calls, and drafts of which nobody knows. */
function ofHere(error: unknown): unknown {
  const { code = '', path = '' } = error as NodeJS.ErrnoException
  const why = HERE[code]
  if (why === undefined || !(error instanceof Error) || 'node' in error) return error
  const target = path.replace(/\.([^/]*)\.part-[\da-f]{8}$/, '$1')
  return new Error(target === '' ? why : `${target}: ${why}`, { cause: error })
}
