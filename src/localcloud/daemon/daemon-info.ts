import { readFile } from 'node:fs/promises'
import { errorCode } from '../local-error.js'
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
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const info = JSON.parse(text) as DaemonInfo
    return typeof info.process?.pid === 'number' && typeof info.port === 'number' ? info : undefined
  } catch {
    return undefined // as good as no file: the lock tells whether a daemon lives
  }
}
