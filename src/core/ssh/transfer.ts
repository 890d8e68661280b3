import { createHash, randomBytes } from 'node:crypto'
import { SCPException, SSHConnectionError } from './errors.js'

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with every piece of a large file, and after each file. */
  readonly onProgress?: (progress: TransferProgress) => void
  /**
   * What there is of a large file stays beside the target when the copying of it ends early, and is where the next copy goes
   * on, once it proved to be the beginning of the file. Default false: nothing is left.
   */
  readonly resume?: boolean
  /** Told of every part that stays: the file it is of. */
  readonly onPartLeft?: (file: string) => void
}

/** How far a transfer is. Sizes in bytes. */
export interface TransferProgress {
  /** The source that just went on. */
  readonly file: string
  readonly filesDone: number
  readonly filesTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
  /** Of those done: what an earlier copy had left, and was not sent again. */
  readonly bytesResumed: number
}

/** One file or symbolic link to copy: the final name appears when all of it is there. */
export interface FileCopy {
  readonly from: string
  readonly to: string
  readonly size: number
  readonly mode: number
  /** Seconds since 1970, as sftp counts. */
  readonly mtime: number
  /** What it points to, where it is a link. */
  readonly link?: string
  /** Inside a directory that is copied: a link that is in its place is replaced, not followed. */
  readonly inside: boolean
}

/** A directory to make. */
export type DirectoryCopy = Pick<FileCopy, 'to' | 'mode' | 'mtime'>

/** What the copying of one file heeds and tells. */
export interface GoingCopy {
  readonly signal: AbortSignal
  /** To be called with the bytes of every piece; not at all for a file that goes in one. */
  readonly tell: (bytes: number, resumed?: boolean) => void
}

/** Files up to this many bytes go over sftp in a few packets; larger ones are streamed. */
export const SMALL_FILE = 128 * 1024

/** Parts of files from this many bytes on are worth being kept. */
export const RESUMABLE = 4 * 1024 * 1024

/** Streams that share a connection, and small files on their way at once. */
const STREAMS = 4
const SMALL_AT_ONCE = 32

type Copy = (file: FileCopy, going: GoingCopy) => Promise<void>

/** Copies files several at a time; the first failure ends the rest. */
export async function copyAll(files: readonly FileCopy[], copy: Copy, options: TransferOptions): Promise<void> {
  const { signal } = options
  const stop = new AbortController()
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const track = progressOf(files, options)
  const worker = async (queue: Iterable<FileCopy>) => {
    for (const file of queue) {
      both.throwIfAborted()
      await track(file, (tell) => copy(file, { signal: both, tell }))
    }
  }
  const large = files.filter(({ size }) => size > SMALL_FILE)
  const small = files.filter(({ size }) => size <= SMALL_FILE)
  const workers = [
    ...atOnce(STREAMS, large, worker), // each queue is shared by its workers: a file is taken once
    ...atOnce(SMALL_AT_ONCE, small, worker),
  ].map((work) =>
    work.catch((error: unknown) => {
      stop.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(workers)
  signal?.throwIfAborted()
  await Promise.all(workers)
}

function atOnce<T>(count: number, items: readonly T[], worker: (queue: Iterable<T>) => Promise<void>): Promise<void>[] {
  const queue = items.values()
  return Array.from({ length: Math.min(count, items.length) }, () => worker(queue))
}

/** Adds up what is told of each file, so that the sum comes out at what the files were said to have. */
function progressOf(files: readonly FileCopy[], { onProgress }: TransferOptions) {
  const bytesTotal = files.reduce((sum, file) => sum + file.size, 0)
  let [filesDone, bytesDone, bytesResumed] = [0, 0, 0]
  return async (file: FileCopy, copy: (tell: GoingCopy['tell']) => Promise<void>): Promise<void> => {
    let told = 0
    const tell = (bytes: number, resumed = false) => {
      told += bytes
      bytesDone += bytes
      if (resumed) bytesResumed += bytes
      onProgress?.({ file: file.from, filesDone, filesTotal: files.length, bytesDone, bytesTotal, bytesResumed })
    }
    await copy(tell)
    filesDone += 1
    tell(file.size - told)
  }
}

/** The name a file has until it is whole. */
export function draftName(path: string): string {
  return partName(path, randomBytes(4).toString('hex'))
}

/** The name of a part that a later copy finds again. `who` tells those apart that copy to the same place. */
export function resumableName(path: string, who: string): string {
  return partName(path, createHash('sha256').update(who).digest('hex').slice(0, 8))
}

function partName(path: string, mark: string): string {
  const slash = path.lastIndexOf('/') + 1
  // a name may have 255 bytes
  const name = Buffer.from(path.slice(slash)).subarray(0, 200).toString().replace(/�+$/, '')
  return `${path.slice(0, slash)}.${name}.part-${mark}`
}

export function joinPath(directory: string, name: string): string {
  return name === '' ? directory : directory.endsWith('/') ? directory + name : `${directory}/${name}`
}

/** The last part of a path that may end in a slash. */
export function baseName(path: string): string {
  return path.replace(/\/+$/, '').replace(/^.*\//s, '')
}

/** Says what was being copied; lost connections and aborts pass as they are. */
export function transferError(node: string, what: string, error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted || error instanceof SSHConnectionError || error instanceof SCPException) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new SCPException(
    `${node}: ${what}: ${reason.startsWith(`${node}: `) ? reason.slice(node.length + 2) : reason}`,
    {
      cause: error,
    },
  )
}
