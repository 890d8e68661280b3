import { createReadStream } from 'node:fs'
import { readdir, readFile, realpath as realLocal, stat as statLocal } from 'node:fs/promises'
import { SCPException } from './errors.js'
import { chmod, chown, lstatIfThere, makedirs, realpath, replaceFile, statIfThere, unlink } from './files.js'
import { localGlob } from './local-glob.js'
import { type RemoteHost, remotePath } from './remote-host.js'
import { isMissing, sftpCall } from './sftp-call.js'
import { streamToFile } from './stream.js'
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
 * Copies local files and directories to the node, as scp does: into `remote` when that is a directory there, else under
 * that name. Shell patterns are expanded here. Directories with all they contain; symbolic links are followed. Modes are kept, owners are the login's
 * (or those of a file that is replaced). @throws SCPException
 */
export async function put(
  host: RemoteHost,
  locals: string | readonly string[],
  remote = '.',
  options: TransferOptions = {},
): Promise<void> {
  const asked = typeof locals === 'string' ? [locals] : locals
  try {
    const sources = (await Promise.all(asked.map((path) => expand(host, path)))).flat()
    const isDirectory = (await statIfThere(host, remote))?.isDirectory() ?? false
    if (!isDirectory && (sources.length > 1 || remote.endsWith('/')))
      throw new SCPException(`${host.name}: ${remote} is no directory on the node`, {
        hint: 'make it first with mkdir',
      })
    const plan: Plan = { directories: [], files: [] }
    for (const source of sources)
      await collect(plan, source, isDirectory ? joinPath(remote, baseName(await realLocal(source))) : remote, [])
    for (const { path, mode } of plan.directories) await makedirs(host, path, mode)
    await copyAll(plan.files, (file, going) => putFile(host, file, going), options)
  } catch (error) {
    throw transferError(host.name, `put ${asked.join(' ')} to ${remote}`, error, options.signal)
  }
}

async function expand(host: RemoteHost, path: string): Promise<string[]> {
  const found = await localGlob(path)
  if (found.length === 0) throw new SCPException(`${host.name}: nothing here matches ${path}`)
  return found
}

interface Plan {
  readonly directories: { path: string; mode: number }[]
  readonly files: FileCopy[]
}

async function collect(plan: Plan, from: string, to: string, above: readonly string[]): Promise<void> {
  const found = await statLocal(from)
  const mode = found.mode & 0o7777
  if (found.isFile()) plan.files.push({ from, to, size: found.size, mode })
  if (!found.isDirectory()) return // sockets, pipes and devices are nothing to copy
  const real = await realLocal(from)
  if (above.includes(real)) return // a link back up would never end
  plan.directories.push({ path: to, mode: mode | 0o300 })
  for (const name of (await readdir(from)).sort())
    await collect(plan, joinPath(from, name), joinPath(to, name), [...above, real])
}

async function putFile(host: RemoteHost, { from, to, size, mode }: FileCopy, going: GoingCopy): Promise<void> {
  const there = await lstatIfThere(host, to)
  const target = there?.isSymbolicLink() ? await realpath(host, to) : to
  const draft = draftName(target)
  try {
    if (size <= SMALL_FILE) await putSmall(host, from, draft)
    else await streamToFile(host, createReadStream(from, { end: size - 1 }), remotePath(draft), size, going)
    await chmod(host, mode, draft)
    if (there && !there.isSymbolicLink()) await keepOwner(host, draft, there)
    going.signal.throwIfAborted()
    await replaceFile(host, draft, target)
  } catch (error) {
    await unlink(host, draft).catch((left: unknown) => {
      if (!isMissing(left)) throw new AggregateError([error, left], `${to}: not copied, and ${draft} is left behind`)
    })
    throw error
  }
}

async function putSmall(host: RemoteHost, from: string, draft: string): Promise<void> {
  const content = await readFile(from)
  await sftpCall(host, draft, (sftp, done) =>
    sftp.writeFile(remotePath(draft), content, { mode: 0o600 }, done as never),
  )
}

/** Only root may give files away; for others the replaced file was theirs, or becomes so. */
async function keepOwner(host: RemoteHost, draft: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  if (host.session.target.username === 'root') await chown(host, uid, gid, draft)
}
