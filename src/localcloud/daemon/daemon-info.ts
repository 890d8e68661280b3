import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, LocalCloudError, reason } from '../local-error.js'
import type { ProcessId } from './process-id.js'

/** What a running daemon writes to `daemon.json` for its clients. */
export interface DaemonInfo {
  readonly process: ProcessId
  readonly port: number
  /** sshd of every node is at its public address and this port. */
  readonly sshPort: number
  readonly version: string
  readonly protocol: number
  /** Secret that the control routes ask for. */
  readonly token: string
  /** ISO 8601 */
  readonly started: string
}

/** @returns undefined when no daemon wrote one, or it is half a file of a machine that lost power. */
export async function readDaemonInfo(path: string): Promise<DaemonInfo | undefined> {
  const info = await readJson<DaemonInfo>(path)
  return typeof info?.process?.pid === 'number' && typeof info.port === 'number' ? (info as DaemonInfo) : undefined
}

/** Who holds the lock, written into the lock file at once: also a daemon that never got as far as `daemon.json`. */
export async function readLockHolder(lock: string): Promise<ProcessId | undefined> {
  const holder = await readJson<ProcessId>(lock)
  return typeof holder?.pid === 'number' && typeof holder.startTime === 'number' ? (holder as ProcessId) : undefined
}

async function readJson<T>(path: string): Promise<Partial<T> | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(cause) ?? '')) return undefined
    throw stateDirectoryUnusable(dirname(path), cause)
  }
  try {
    return JSON.parse(text) as Partial<T>
  } catch {
    return undefined // as good as no file: the lock tells whether a daemon lives
  }
}

export function stateDirectoryUnusable(dir: string, cause: unknown): LocalCloudError {
  return new LocalCloudError('StateDirectoryUnusable', `the local cloud cannot use ${dir}: ${reason(cause)}`, {
    cause,
    hint: 'make room there and the directory writable for you, or set HOME to another one',
  })
}
