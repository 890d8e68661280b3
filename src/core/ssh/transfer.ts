import { randomBytes } from 'node:crypto'
import { SCPException, SSHConnectionError } from './errors.js'

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with every piece of a large file, and after each file. */
  readonly onProgress?: (progress: TransferProgress) => void
}

/** How far a transfer is. Sizes in bytes. */
export interface TransferProgress {
  /** The source that just went on. */
  readonly file: string
  readonly filesDone: number
  readonly filesTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
}

/** One file to copy: the final name appears when all of it is there. */
export interface FileCopy {
  readonly from: string
  readonly to: string
  readonly size: number
  readonly mode: number
}

/** What the copying of one file heeds and tells. */
export interface GoingCopy {
  readonly signal: AbortSignal
  /** To be called with the bytes of every piece; not at all for a file that goes in one. */
  readonly tell: (bytes: number) => void
}

/** Files up to this many bytes go over sftp in a few packets; larger ones are streamed. */
export const SMALL_FILE = 128 * 1024

const WINDOW = 4

/** Copies files a few at a time; the first failure ends the rest. */
export async function copyAll(
  files: readonly FileCopy[],
  copy: (file: FileCopy, going: GoingCopy) => Promise<void>,
  { signal, onProgress }: TransferOptions,
): Promise<void> {
  const stop = new AbortController()
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const bytesTotal = files.reduce((sum, file) => sum + file.size, 0)
  let filesDone = 0
  let bytesDone = 0
  const tell = (file: FileCopy, bytes: number) => {
    bytesDone += bytes
    onProgress?.({ file: file.from, filesDone, filesTotal: files.length, bytesDone, bytesTotal })
  }
  const queue = files.values() // shared by the workers: each file is taken once
  const worker = async () => {
    for (const file of queue) {
      both.throwIfAborted()
      let told = 0
      const piece = (bytes: number) => {
        told += bytes
        tell(file, bytes)
      }
      await copy(file, { signal: both, tell: piece })
      filesDone += 1
      tell(file, file.size - told) // what a file was said to have counts, so that the sum comes out
    }
  }
  const workers = Array.from({ length: Math.min(WINDOW, files.length) }, () =>
    worker().catch((error: unknown) => {
      stop.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(workers)
  signal?.throwIfAborted()
  await Promise.all(workers)
}

/** The name a file has until it is whole. */
export function draftName(path: string): string {
  const slash = path.lastIndexOf('/') + 1
  return `${path.slice(0, slash)}.${path.slice(slash)}.part-${randomBytes(4).toString('hex')}`
}

export function joinPath(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`
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
