import { setTimeout as sleep } from 'node:timers/promises'
import { StarClusterError } from './errors.js'

export interface WaitOptions {
  /** Deadline in milliseconds, measured from the call. */
  readonly timeoutMs: number
  /** Pause between two probes in milliseconds. Default 1000. */
  readonly intervalMs?: number
  readonly signal?: AbortSignal | undefined
  /** What to do when the deadline passes, for the error's hint. */
  readonly hint?: string
}

/**
 * Calls `probe` until it gives something other than `undefined`, `null` or `false`, and returns that.
 * The probe's signal is aborted at the deadline, so that a hanging probe cannot outlive it.
 * An error thrown by the probe ends the wait at once: return `undefined` for "not yet".
 * @throws WaitTimeoutError when the deadline passes; the signal's reason when aborted.
 */
export async function waitFor<T>(
  what: string,
  probe: (signal: AbortSignal) => Promise<T> | T,
  { timeoutMs, intervalMs = 1000, signal, hint }: WaitOptions,
): Promise<NonNullable<Exclude<T, false>>> {
  const timedOut = new WaitTimeoutError(what, timeoutMs, hint)
  const deadline = deadlineSignal(timeoutMs, timedOut, signal)
  try {
    for (;;) {
      deadline.signal.throwIfAborted()
      const value = await untilAborted(Promise.resolve(probe(deadline.signal)), deadline.signal)
      if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>
      await untilAborted(sleep(intervalMs, undefined, { signal: deadline.signal }), deadline.signal)
    }
  } finally {
    deadline.release()
  }
}

export class WaitTimeoutError extends StarClusterError {
  readonly code = 'WaitTimeoutError'

  constructor(
    readonly what: string,
    readonly timeoutMs: number,
    hint?: string,
  ) {
    super(`timed out after ${formatSeconds(timeoutMs)} waiting for ${what}`, { hint })
  }
}

/** A signal that aborts with `reason` after `timeoutMs`, or when `outer` does. Call `release` when done with it. */
export function deadlineSignal(
  timeoutMs: number,
  reason: unknown,
  outer?: AbortSignal | undefined,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(reason), timeoutMs)
  const follow = () => controller.abort(outer?.reason)
  if (outer?.aborted) follow()
  outer?.addEventListener('abort', follow, { once: true })
  const release = () => {
    clearTimeout(timer)
    outer?.removeEventListener('abort', follow)
  }
  return { signal: controller.signal, release }
}

/** `promise`, or the signal's reason as soon as it aborts. The abandoned promise's own failure is not lost on anyone. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    const settled = () => signal.removeEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(
      (value) => {
        settled()
        resolve(value)
      },
      (error: unknown) => {
        settled()
        reject(error)
      },
    )
  })
}

function formatSeconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`
}

/** Waits until all of these have come to an end, or for so long. @throws the signal's reason */
export async function settledWithin(tasks: Iterable<Promise<void>>, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  try {
    await untilAborted(
      Promise.race([Promise.allSettled(tasks), sleep(Math.max(0, ms), undefined, { signal: over.signal })]),
      signal,
    )
  } finally {
    over.abort()
  }
}
