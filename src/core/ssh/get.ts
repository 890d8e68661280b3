import { createWriteStream } from 'node:fs'
import { chmod, mkdir, realpath as realLocal, rename, rm, stat as statLocal, writeFile } from 'node:fs/promises'
import { SCPException } from './errors.js'
import { entryNames, realpath, stat, statIfThere } from './files.js'
import { glob, hasGlob } from './remote-glob.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { sftpCall } from './sftp-call.js'
import { streamFromFile } from './stream.js'
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
 * name. Shell patterns are expanded on the node. Symbolic links are followed, modes are kept. @throws SCPException
 */
export async function get(
  host: RemoteHost,
  remotes: string | readonly string[],
  local = '.',
  options: TransferOptions = {},
): Promise<void> {
  const asked = typeof remotes === 'string' ? [remotes] : remotes
  try {
    const sources = (await Promise.all(asked.map((path) => expand(host, path)))).flat()
    const isDirectory = (await localStat(local || '.'))?.isDirectory() ?? false
    if (!isDirectory && (sources.length > 1 || local.endsWith('/')))
      throw new SCPException(`${host.name}: ${local} is no directory here`, { hint: 'make it first' })
    const files: FileCopy[] = []
    for (const source of sources)
      await collect(host, files, source, isDirectory ? joinPath(local || '.', baseName(source)) : local, [])
    await copyAll(files, (file, going) => getFile(host, file, going), options)
  } catch (error) {
    throw transferError(host.name, `get ${asked.join(' ')} to ${local || '.'}`, error, options.signal)
  }
}

async function expand(host: RemoteHost, path: string): Promise<string[]> {
  if (!hasGlob(path) || (await statIfThere(host, path))) return [path]
  const found = await glob(host, path)
  if (found.length === 0) throw new SCPException(`${host.name}: nothing there matches ${path}`)
  return found
}

async function collect(host: RemoteHost, files: FileCopy[], from: string, to: string, above: string[]): Promise<void> {
  const found = await stat(host, from)
  const mode = found.mode & 0o7777
  if (found.isFile()) files.push({ from, to, size: found.size, mode })
  if (!found.isDirectory()) return // sockets, pipes and devices are nothing to copy
  const real = await realpath(host, from)
  if (above.includes(real)) return // a link back up would never end
  await mkdir(to, { recursive: true, mode: mode | 0o300 })
  for (const name of await entryNames(host, from))
    await collect(host, files, joinPath(from, name), joinPath(to, name), [...above, real])
}

async function getFile(host: RemoteHost, { from, to, size, mode }: FileCopy, going: GoingCopy): Promise<void> {
  const target = (await localStat(to)) ? await realLocal(to) : to
  const draft = draftName(target)
  try {
    // files of /proc say they are empty and are not
    if (size > 0 && size <= SMALL_FILE) await getSmall(host, from, draft)
    else await streamFromFile(host, remotePath(from), createWriteStream(draft, { mode: 0o600 }), going)
    await chmod(draft, mode & 0o777)
    going.signal.throwIfAborted()
    await rename(draft, target)
  } finally {
    await rm(draft, { force: true })
  }
}

async function getSmall(host: RemoteHost, from: string, draft: string): Promise<void> {
  const content = await sftpCall<Buffer>(host, from, (sftp, done) => sftp.readFile(remotePath(from), done))
  await writeFile(draft, content, { mode: 0o600, flag: 'wx' })
}

async function localStat(path: string) {
  try {
    return await statLocal(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
