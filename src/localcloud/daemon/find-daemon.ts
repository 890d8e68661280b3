import { errorCode, LocalCloudError } from '../local-error.js'
import type { LocalPaths } from '../paths.js'
import { askPing } from './control-client.js'
import { type DaemonInfo, readDaemonInfo } from './daemon-info.js'
import { isAlive } from './process-id.js'
import type { DaemonPing } from './status.js'

export interface FoundDaemon {
  readonly info: DaemonInfo
  readonly ping: DaemonPing
}

/** A daemon that lives and answers. */
export async function findDaemon(paths: LocalPaths, signal: AbortSignal | undefined): Promise<FoundDaemon | undefined> {
  const info = await readDaemonInfo(paths.daemon)
  if (!info || !isAlive(info.process)) return undefined
  try {
    return { info, ping: await askPing(info, { signal }) }
  } catch (error) {
    signal?.throwIfAborted()
    if (['ECONNREFUSED', 'ECONNRESET'].includes(errorCode(error) ?? '')) return undefined // just ending
    throw new LocalCloudError('DaemonNotAnswering', `the local cloud (process ${info.process.pid}) does not answer`, {
      cause: error,
      hint: 'starcluster local stop ends it, the next command starts it again; its machines go on meanwhile',
    })
  }
}
