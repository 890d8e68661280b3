import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/**
 * Runs a task while holding a lock file, waiting for whoever has it. The kernel lets go of the lock when this process
 * ends, however it ends.
 *
 * @param onWait called when somebody else has the lock
 */
export async function withLock<T>(
  file: string,
  task: () => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  const holder = spawn('sh', ['-c', script, 'lock', file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
  })
  const ended = once(holder, 'exit')
  try {
    await Promise.race([
      locked(holder.stdout, onWait),
      ended.then(() => Promise.reject(new Error(`cannot lock ${file}`))),
    ])
    return await task()
  } finally {
    holder.stdin.end()
    await ended
  }
}

// The lock is on the file description, which the shell and the cat it becomes keep open.
const script = 'exec 9>>"$1"; flock -n 9 || { echo waiting; flock 9; }; echo locked; exec cat'

async function locked(output: Readable, onWait: () => void): Promise<void> {
  for await (const line of createInterface({ input: output })) {
    if (line === 'waiting') onWait()
    if (line === 'locked') return
  }
}
