import type { FileEntryWithStats, Stats } from 'ssh2'
import { RemoteFileError } from './errors.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { isMissing, sftpCall } from './sftp-call.js'

/** Full paths of a directory's entries, sorted; of a file, its own path. */
export async function ls(host: RemoteHost, path = '.'): Promise<string[]> {
  if (!(await stat(host, path)).isDirectory()) return [path]
  const base = path.endsWith('/') ? path : `${path}/`
  return (await entryNames(host, path)).map((name) => base + name)
}

/** Names in a directory, sorted, without `.` and `..`. Names with a slash cannot be and are not believed. */
export async function entryNames(host: RemoteHost, path: string): Promise<string[]> {
  return (await entriesOf(host, path)).map(({ name }) => name)
}

/** The same with what `lstat` says of each. */
export async function entriesOf(host: RemoteHost, path: string): Promise<{ name: string; stats: Stats }[]> {
  const entries = await sftpCall<FileEntryWithStats[]>(host, path, (sftp, done) => sftp.readdir(remotePath(path), done))
  return entries
    .map(({ filename, attrs }) => ({ name: filename, stats: attrs }))
    .filter(({ name }) => name !== '.' && name !== '..' && name !== '' && !name.includes('/'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function stat(host: RemoteHost, path: string): Promise<Stats> {
  return sftpCall<Stats>(host, path, (sftp, done) => sftp.stat(remotePath(path), done))
}

export function lstat(host: RemoteHost, path: string): Promise<Stats> {
  return sftpCall<Stats>(host, path, (sftp, done) => sftp.lstat(remotePath(path), done))
}

/** What `stat` says, or undefined when nothing is there. */
export function statIfThere(host: RemoteHost, path: string): Promise<Stats | undefined> {
  return orMissing(stat(host, path))
}

export function lstatIfThere(host: RemoteHost, path: string): Promise<Stats | undefined> {
  return orMissing(lstat(host, path))
}

export function realpath(host: RemoteHost, path: string): Promise<string> {
  return sftpCall<string>(host, path, (sftp, done) => sftp.realpath(remotePath(path), done))
}

/** Makes one directory. `ignoreFailure`: nothing happens when it cannot be made. */
export async function mkdir(host: RemoteHost, path: string, mode = 0o755, ignoreFailure = false): Promise<void> {
  try {
    await sftpCall(host, path, (sftp, done) => sftp.mkdir(remotePath(path), { mode }, done as never))
    // the server's umask has had its say
    await chmod(host, mode, path)
  } catch (error) {
    if (ignoreFailure && error instanceof RemoteFileError) return
    throw await betterMkdirError(host, path, error)
  }
}

/** Makes a directory and those above it that are missing. An existing one stays as it is. @returns whether it was made */
export async function makedirs(host: RemoteHost, path: string, mode = 0o755): Promise<boolean> {
  const there = await statIfThere(host, path)
  if (there?.isDirectory()) return false
  if (there) throw new RemoteFileError(host.name, path, undefined, 'exists and is no directory')
  const parent = path.replace(/\/+$/, '').replace(/\/*[^/]*$/, '')
  if (parent !== '' && parent !== '~') await makedirs(host, parent, mode)
  await mkdir(host, path, mode).catch(async (error: unknown) => {
    // another writer may have been faster
    if (!(await statIfThere(host, path))?.isDirectory()) throw error
  })
  return true
}

export function unlink(host: RemoteHost, path: string): Promise<void> {
  return sftpCall(host, path, (sftp, done) => sftp.unlink(remotePath(path), done as never))
}

export function chmod(host: RemoteHost, mode: number, path: string): Promise<void> {
  return sftpCall(host, path, (sftp, done) => sftp.chmod(remotePath(path), mode, done as never))
}

export function chown(host: RemoteHost, uid: number, gid: number, path: string): Promise<void> {
  return sftpCall(host, path, (sftp, done) => sftp.chown(remotePath(path), uid, gid, done as never))
}

/** What of a file is set at once. Times are in seconds since 1970. */
export interface Attributes {
  readonly mode: number
  readonly mtime: number
  readonly uid?: number
  readonly gid?: number
}

export function setAttributes(host: RemoteHost, path: string, attributes: Attributes): Promise<void> {
  const all = { ...attributes, atime: attributes.mtime }
  return sftpCall(host, path, (sftp, done) => sftp.setstat(remotePath(path), all, done as never))
}

/** Renames over an existing file at once, where plain sftp would refuse. */
export function replaceFile(host: RemoteHost, from: string, to: string): Promise<void> {
  return sftpCall(host, to, (sftp, done) => sftp.ext_openssh_rename(remotePath(from), remotePath(to), done as never))
}

async function orMissing(asked: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** sftp says only "Failure" when the path exists. */
async function betterMkdirError(host: RemoteHost, path: string, error: unknown): Promise<unknown> {
  if (!(error instanceof RemoteFileError) || error.status !== 4) return error
  const there = await lstatIfThere(host, path)
  return there ? new RemoteFileError(host.name, path, 4, 'exists already', { cause: error }) : error
}
