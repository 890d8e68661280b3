import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LocalCloudError } from '../local-error.js'
import type { LocalPaths } from '../paths.js'
import { askReport } from './control-client.js'
import { type DaemonInfo, stateDirectoryUnusable } from './daemon-info.js'
import { type FoundDaemon, findDaemon } from './find-daemon.js'
import { LOCK_HELD, launchDaemon, makeStateDirectory } from './launch.js'
import { logEnd, readLogFrom } from './log-file.js'
import { pause } from './pause.js'
import { findStartFailure } from './start-failure.js'
import { CLOSED } from './way-out.js'

export interface StartOptions {
  /** HOME decides whose local cloud; of the rest the daemon sees only what it needs, never AWS_*. */
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  /** Told what takes time (the first start builds the base image) and what the user should know. */
  readonly onProgress?: (message: string) => void
  /** Longest wait for the daemon itself, without the image. Default 120 s. */
  readonly timeoutMs?: number
}

/** Starts the daemon, or waits for the one that somebody else starts at this moment. @throws LocalCloudError */
export async function startDaemon(paths: LocalPaths, options: StartOptions): Promise<FoundDaemon> {
  makeStateDirectory(paths)
  const before = await logEnd(paths)
  const deadline = Date.now() + (options.timeoutMs ?? 120_000)
  let launched = launch(options.env, paths)
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 40)) {
    await pause(wait, options.signal)
    const found = await findDaemon(paths, options.signal)
    if (found) {
      await tellNotices(found.info, options)
      return found
    }
    const { ended, failed } = launched
    if (failed) throw failed
    if (Date.now() > deadline) throw await startFailure(paths, before, 'timeout')
    if (ended === undefined) continue
    // Somebody else's daemon has the lock: it is starting, or ending. Ours would start after that.
    if (ended !== LOCK_HELD) throw await startFailure(paths, before, ended)
    launched = launch(options.env, paths)
  }
}

interface Launched {
  /** Exit status, null after a signal; undefined while it runs. */
  ended?: number | null
  failed?: unknown
}

function launch(env: NodeJS.ProcessEnv, paths: LocalPaths): Launched {
  const launched: Launched = {}
  const child = launchDaemon(env, paths)
  child.unref()
  child.exited.then(
    (status) => (launched.ended = status),
    (error: unknown) => (launched.failed = error),
  )
  return launched
}

async function tellNotices(info: DaemonInfo, options: StartOptions): Promise<void> {
  if (!options.onProgress) return
  const { notices, egress } = await askReport(info, { signal: options.signal })
  for (const notice of notices) options.onProgress(notice)
  if (egress === 'off') options.onProgress(CLOSED)
}

/** Why a daemon did not come up: its own words when it found some, else its last lines. */
export async function startFailure(
  paths: LocalPaths,
  from: number,
  ended: number | null | 'timeout',
): Promise<LocalCloudError> {
  const written = await readLogFrom(paths.log, from)
  const said = findStartFailure(written)
  if (said) return said
  await checkWritable(paths) // a full disk takes no last words
  const how =
    ended === 'timeout' ? 'it took too long' : ended === null ? 'it was killed' : `it ended with status ${ended}`
  const last = written.trimEnd().split('\n').slice(-12).join('\n')
  return new LocalCloudError('DaemonNotStarted', `the local cloud did not start: ${how}${last && `\n${last}`}`, {
    hint: `its log is ${paths.log}; starcluster local doctor checks what it needs`,
  })
}

/** @throws LocalCloudError StateDirectoryUnusable */
async function checkWritable(paths: LocalPaths): Promise<void> {
  const probe = join(paths.dir, 'probe')
  try {
    await writeFile(probe, Buffer.alloc(16_384), { flush: true })
  } catch (cause) {
    throw stateDirectoryUnusable(paths.dir, cause)
  } finally {
    await rm(probe, { force: true })
  }
}
