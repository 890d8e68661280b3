import { open, rm, stat } from 'node:fs/promises'
import { waitFor } from '../wait.js'

/** A lock older than this was left by a process that died; ours are held for milliseconds. */
const STALE_MS = 10_000

/** Runs `act` while no other holder of the lock file runs, in this process or another. @throws WaitTimeoutError */
export async function withFileLock<T>(path: string, act: () => Promise<T>): Promise<T> {
  await waitFor(`the lock ${path}`, () => take(path), {
    timeoutMs: 3 * STALE_MS,
    intervalMs: 15,
    hint: `remove ${path} if no starcluster is running`,
  })
  try {
    return await act()
  } finally {
    await rm(path, { force: true })
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const age = await ageOf(path)
  if (age !== undefined && age > STALE_MS) await rm(path, { force: true })
  return false
}

async function ageOf(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
