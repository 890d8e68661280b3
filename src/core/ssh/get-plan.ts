import type { Stats } from 'ssh2'
import { SCPException } from './errors.js'
import { entriesOf, stat, statIfThere } from './files.js'
import { glob, hasGlob } from './remote-glob.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { sftpCall } from './sftp-call.js'
import { type DirectoryCopy, type FileCopy, joinPath } from './transfer.js'

export interface GetPlan {
  readonly directories: (DirectoryCopy & Pick<FileCopy, 'inside'>)[]
  readonly files: FileCopy[]
}

/** The paths on the node that are meant: shell patterns are expanded there. @throws SCPException when nothing is there */
export async function expandRemote(host: RemoteHost, path: string): Promise<string[]> {
  if (!hasGlob(path) || (await statIfThere(host, path))) return [path]
  const found = await glob(host, path)
  if (found.length === 0) throw new SCPException(`${host.name}: nothing there matches ${path}`)
  return found
}

/** What is to be copied from a node to `to`. A link that is named is followed, those inside directories stay links. */
export async function planGet(host: RemoteHost, plan: GetPlan, path: string, to: string): Promise<void> {
  const found = await stat(host, path)
  if (found.isDirectory()) await collect(host, plan, path, to, found, false)
  else if (found.isFile()) plan.files.push(fileCopy(path, to, found, false))
  else throw new SCPException(`${host.name}: ${path} is neither a file nor a directory`)
}

async function collect(
  host: RemoteHost,
  plan: GetPlan,
  from: string,
  to: string,
  { mode, mtime }: Stats,
  inside: boolean,
): Promise<void> {
  plan.directories.push({ to, mode: mode & 0o777, mtime, inside })
  for (const { name, stats } of await entriesOf(host, from)) {
    const [path, there] = [joinPath(from, name), joinPath(to, name)]
    if (stats.isDirectory()) await collect(host, plan, path, there, stats, true)
    else if (stats.isFile()) plan.files.push(fileCopy(path, there, stats, true))
    else if (stats.isSymbolicLink()) {
      const link = await sftpCall<string>(host, path, (sftp, done) => sftp.readlink(remotePath(path), done))
      plan.files.push({ ...fileCopy(path, there, stats, true), size: 0, link })
    }
  }
}

function fileCopy(from: string, to: string, { size, mode, mtime }: Stats, inside: boolean): FileCopy {
  return { from, to, size, mode: mode & 0o777, mtime, inside }
}
