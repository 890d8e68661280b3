import { rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, LocalCloudError } from '../local-error.js'
import { localPaths } from '../paths.js'
import { askStop } from './control-client.js'
import { readDaemonInfo, readLockHolder } from './daemon-info.js'
import { LOCK_HELD, launchDaemon } from './launch.js'
import { logEnd } from './log-file.js'
import { pause } from './pause.js'
import { isAlive, type ProcessId, signalProcess } from './process-id.js'
import { startFailure } from './start-daemon.js'

/**
 * Ends the daemon; its machines go on and the next one finds them. A daemon that does not listen is killed.
 * @returns false when none ran.
 */
export async function stopDaemon(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<boolean> {
  const paths = localPaths(env)
  const info = await readDaemonInfo(paths.daemon)
  const daemon = info && isAlive(info.process) ? info.process : await readLockHolder(paths.lock)
  if (!daemon || !isAlive(daemon)) return false
  if (info) await askStop(info, { signal }).catch(() => signalProcess(daemon, 'SIGTERM'))
  else signalProcess(daemon, 'SIGTERM')
  if (await waitGone(daemon, 20_000, signal)) return true
  signalProcess(daemon, 'SIGKILL')
  if (await waitGone(daemon, 10_000, signal)) return true
  throw new LocalCloudError('DaemonStuck', `the local cloud (process ${daemon.pid}) does not end`, {
    hint: `it may hang in the kernel: see ps -o stat,wchan -p ${daemon.pid}`,
  })
}

/**
 * Gives the computer back: daemon, machines, disks, namespaces, ports and all state. Works with a dead daemon and with
 * a state nobody can read. Base images stay unless asked.
 */
export async function resetLocalCloud(env: NodeJS.ProcessEnv, options: { images?: boolean } = {}): Promise<void> {
  const paths = localPaths(env)
  await stopDaemon(env)
  const before = await logEnd(paths)
  const args = ['--reset', ...(options.images ? ['--images'] : [])]
  const deadline = Date.now() + 180_000
  for (;;) {
    const status = await launchDaemon(env, paths, args).exited
    if (status === 0) break
    // Another daemon may have been started meanwhile by somebody else.
    if (status !== LOCK_HELD || Date.now() > deadline) throw await startFailure(paths, before, status)
    await stopDaemon(env)
    await pause(100)
  }
  await rm(paths.dir, { recursive: true, force: true })
  await removeIfEmpty(dirname(paths.dir))
}

async function waitGone(daemon: ProcessId, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (isAlive(daemon)) {
    if (Date.now() > deadline) return false
    await pause(20, signal)
  }
  return true
}

async function removeIfEmpty(dir: string): Promise<void> {
  await rmdir(dir).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error
  })
}
