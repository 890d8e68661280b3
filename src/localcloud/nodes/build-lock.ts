import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Runs a task while holding a lock file, waiting for whoever has it. The kernel lets go of the lock when this process
 * ends, however it ends.
 */
export async function withLock<T>(file: string, task: () => Promise<T>): Promise<T> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
  })
  const ended = once(holder, 'close')
  try {
    await Promise.race([
      once(holder.stdout, 'data'),
      ended.then(() => Promise.reject(new Error(`cannot lock ${file}`))),
    ])
    return await task()
  } finally {
    holder.stdin.end()
    await ended
  }
}
