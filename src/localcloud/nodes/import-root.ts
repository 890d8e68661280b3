import { type ChildProcess, spawn } from 'node:child_process'
import { chown, mkdir, open, rename, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errorCode, LocalCloudError, reason } from '../local-error.js'
import { hostEnv } from './host-command.js'
import { nodeRoot } from './ids.js'
import { eachLine, ended } from './image-build.js'
import { checkRoot } from './import-check.js'
import { finishImport } from './import-finish.js'
import type { ImportOptions } from './node-disks.js'
import { asNodeRootIn } from './own-root.js'
import { resolveInTree } from './tree-path.js'

/**
 * Unpacks a tar file with a root file system below `work`, checks it and makes it fit to be a layer.
 * @param file plain, or compressed with gzip, xz, zstd or bzip2
 * @returns the finished tree, and what it is: `Debian GNU/Linux 12 (bookworm)`
 * @throws LocalCloudError ImportFailed, NotARootFileSystem, OtherArchitecture, ProgramsMissing
 */
export async function importRoot(
  file: string,
  work: string,
  { signal, onProgress = () => undefined }: ImportOptions,
): Promise<{ tree: string; distribution: string }> {
  const name = basename(file)
  const unpacked = join(work, 'root')
  await mkdir(unpacked, { mode: 0o755 })
  if (process.getuid?.() === 0) await chown(unpacked, nodeRoot(), nodeRoot())
  onProgress(`unpacking ${name}`)
  const leftOut = await unpack(file, unpacked, signal)
  if (leftOut > 0) onProgress(`left out ${leftOut} devices and extended attributes`)
  signal?.throwIfAborted()
  const tree = await topOf(unpacked, work)
  const distribution = await checkRoot(tree, name)
  onProgress(`${name} is ${distribution}`)
  await finishImport(tree)
  signal?.throwIfAborted()
  return { tree, distribution }
}

/** LXC's images have the tree in a directory `rootfs`, beside metadata. */
async function topOf(unpacked: string, work: string): Promise<string> {
  const inner = join(unpacked, 'rootfs')
  if ((await resolveInTree(unpacked, 'etc')) || !(await stat(inner).catch(() => undefined))?.isDirectory()) {
    return unpacked
  }
  const tree = join(work, 'tree')
  await rename(inner, tree)
  return tree
}

/** By the first bytes; a name may say anything. Source: file(1)'s magic for each of them. */
const COMPRESSIONS: readonly (readonly [magic: string, program: string, pack: string])[] = [
  ['1f8b', 'gzip', 'gzip'],
  ['fd377a585a00', 'xz', 'xz-utils'],
  ['28b52ffd', 'zstd', 'zstd'],
  ['425a68', 'bzip2', 'bzip2'],
]

/**
 * GNU tar itself keeps members inside: it refuses `..`, takes the `/` from names and link targets, and makes links that
 * lead out of the tree last. Its ids are those of nodes, so as root it could write nowhere else either.
 */
const UNPACK = [
  ...['-x', '--numeric-owner', '--same-owner', '--same-permissions', '--delay-directory-restore'],
  // What an overlay would take for its own marks, and what only the host's root may set, stays out.
  ...['--xattrs', '--xattrs-include=security.capability', '--xattrs-include=user.*', '--xattrs-exclude=user.overlay.*'],
  ...['--anchored', '--exclude=./dev/*', '--exclude=dev/*', '--exclude=/dev/*', '--exclude=rootfs/dev/*'],
  ...['--exclude=./rootfs/dev/*', '--no-anchored', '-f', '-'],
]

/** -> how many devices and extended attributes were left out */
async function unpack(file: string, root: string, signal: AbortSignal | undefined): Promise<number> {
  const name = basename(file)
  const { fd, close, program } = await openArchive(file)
  const children: ChildProcess[] = []
  const complaints: string[] = []
  const end = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  try {
    // The kernel ends them with us.
    const reader = spawn('setpriv', ['--pdeathsig', 'KILL', ...program], {
      stdio: [fd, 'pipe', 'pipe'],
      env: hostEnv(),
    })
    const tar = spawn(...asNodeRootIn(root, 'tar', UNPACK), {
      stdio: [reader.stdout, 'ignore', 'pipe'],
      env: hostEnv(),
      cwd: '/',
    })
    children.push(reader, tar)
    reader.stdout!.destroy()
    eachLine(reader.stderr!, (line) => complaints.push(line))
    eachLine(tar.stderr!, (line) => complaints.push(line))
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()
    const [[read], [unpacked]] = await Promise.all([ended(reader), ended(tar)])
    signal?.throwIfAborted()
    return read !== 0 || unpacked !== 0 ? judge(name, root, complaints) : 0
  } finally {
    signal?.removeEventListener('abort', end)
    end()
    await close()
  }
}

const NOT_KEPT = /Cannot mknod|Cannot set '.*' extended attribute/
const NO_COMPLAINT = /Exiting with failure status|^tar: (?:Removing|Ignoring)/

/**
 * Devices cannot be made, and nodes have their own; everything else that tar could not do is a failure.
 * @returns how many devices and extended attributes were left out
 */
function judge(name: string, root: string, complaints: readonly string[]): number {
  const serious = complaints.filter((line) => !NOT_KEPT.test(line) && !NO_COMPLAINT.test(line))
  const leftOut = complaints.filter((line) => NOT_KEPT.test(line)).length
  if (serious.length === 0 && leftOut > 0) return leftOut
  const shifted = serious.find((line) => /Cannot change ownership to uid \d+/.test(line))
  if (shifted) {
    const id = /uid (\d+)/.exec(shifted)?.[1]
    throw new LocalCloudError('ImportFailed', `${name} has files of user id ${id}, and machines know ids below 65536`, {
      hint: 'an unprivileged container shifts its ids: pack the files from inside of it, or through its engine (export)',
    })
  }
  const full = serious.find((line) =>
    /No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes/.test(line),
  )
  if (full) {
    throw new LocalCloudError('ImportFailed', `${name} could not be unpacked: no space left on the disk of ${root}`, {
      hint: 'free some space (nothing was kept of it), or set STARCLUSTER_DISK_ROOT to a directory on a bigger disk',
    })
  }
  const last = serious.slice(-5).join('\n') || 'tar ended before the end of the file'
  throw new LocalCloudError('ImportFailed', `${name} could not be unpacked:\n${last}`, {
    hint: 'it must be a tar file of a root file system, plain or compressed with gzip, xz, zstd or bzip2, and whole',
  })
}

async function openArchive(file: string) {
  try {
    const handle = await open(file)
    try {
      if (!(await handle.stat()).isFile()) throw new Error('it is not a file')
      const head = Buffer.alloc(6)
      const { bytesRead } = await handle.read(head, 0, 6, 0)
      if (bytesRead < 6) throw new Error('it is empty')
      const hex = head.toString('hex')
      const [, program, pack] = COMPRESSIONS.find(([magic]) => hex.startsWith(magic)) ?? []
      if (program && !(await installed(program))) throw new Error(`${program} is needed to read it: install ${pack}`)
      return { fd: handle.fd, close: () => handle.close(), program: program ? [program, '-dc'] : ['cat'] }
    } catch (error) {
      await handle.close()
      throw error
    }
  } catch (error) {
    const why = errorCode(error) === 'ENOENT' ? 'there is no such file' : reason(error)
    throw new LocalCloudError('ImportFailed', `${file} cannot be imported: ${why}`, { cause: error })
  }
}

const installed = (program: string) =>
  new Promise<boolean>((resolve) => {
    const probe = spawn(program, ['--version'], { stdio: 'ignore', env: hostEnv() })
    probe.once('error', () => resolve(false))
    probe.once('exit', () => resolve(true))
  })
