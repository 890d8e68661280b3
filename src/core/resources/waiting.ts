import { CancelledRequest } from '../cluster/errors.js'
import { type PollOptions, poll } from '../cluster/poll.js'
import type { Asking } from './deps.js'

/** A wait for something that AWS does by itself, which may be told of and may be left. */
export interface Waiting extends Asking {
  /** Told now and then what is being waited for, in a few words. */
  readonly onProgress?: ((doing: string) => void) | undefined
}

/**
 * Like `poll`, for what AWS goes on with when nobody waits.
 * @throws CancelledRequest when interrupted, with the hint that a passed deadline has too
 */
export async function waitForAws<T>(
  what: string,
  probe: (signal: AbortSignal) => Promise<T | undefined>,
  options: PollOptions & { readonly hint: string },
): Promise<T> {
  try {
    return await poll(what, probe, options)
  } catch (error) {
    if (options.signal?.aborted) throw new CancelledRequest(`the wait for ${what}`, error, options.hint)
    throw error
  }
}
