import { setTimeout as sleep } from 'node:timers/promises'
import { deadlineSignal, untilAborted, WaitTimeoutError } from '../wait.js'

export interface PollOptions {
  readonly timeoutMs: number
  /** Pause after the first probe, in milliseconds; each later one is longer by a quarter. Default 50. */
  readonly firstMs?: number
  /** Longest pause. */
  readonly slowestMs: number
  readonly signal?: AbortSignal | undefined
  readonly hint?: string
}

/**
 * Calls `probe` until it gives something, at first quickly, then more and more slowly: a local node is there within
 * tenths of a second, one on EC2 takes a minute and its API limits the rate of requests.
 * @throws WaitTimeoutError, the probe's errors, or the signal's reason
 */
export async function poll<T>(
  what: string,
  probe: (signal: AbortSignal) => Promise<T | undefined>,
  options: PollOptions,
): Promise<T> {
  const late = new WaitTimeoutError(what, options.timeoutMs, options.hint)
  const deadline = deadlineSignal(options.timeoutMs, late, options.signal)
  try {
    for (let pauseMs = options.firstMs ?? 50; ; pauseMs = Math.min(pauseMs * 1.25, options.slowestMs)) {
      deadline.signal.throwIfAborted()
      const value = await untilAborted(probe(deadline.signal), deadline.signal)
      if (value !== undefined) return value
      await untilAborted(sleep(pauseMs, undefined, { signal: deadline.signal }), deadline.signal)
    }
  } finally {
    deadline.release()
  }
}

/** Looks every few seconds, until it is ended. What `look` throws gives up whatever is waited for meanwhile. */
export function watchFor(
  look: (signal: AbortSignal) => Promise<void>,
  failed: AbortController,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): { end(): void } {
  const ended = new AbortController()
  const options = {
    timeoutMs,
    firstMs: 2000,
    slowestMs: 10_000,
    signal: AbortSignal.any([signal, ended.signal]),
  }
  poll('what is watched', async (s) => void (await look(s)), options).catch((error: unknown) => {
    if (!ended.signal.aborted) failed.abort(error)
  })
  return { end: () => ended.abort() }
}
