import { setMaxListeners } from 'node:events'
import { explainAwsError } from '../aws/errors.js'
import type { StarClusterError } from '../errors.js'

/** Says what is being done now, for the message when it is interrupted. */
export type Progress = (doing: string) => void

/**
 * Runs an act of several steps. An abort becomes the error that `interrupted` makes of what was being done; a refusal by
 * AWS says during what.
 */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  act: (progress: Progress) => Promise<T>,
  interrupted: (doing: string, cause: unknown) => StarClusterError,
): Promise<T> {
  // Every command on every node listens to it: more than ten are no leak.
  if (signal) setMaxListeners(0, signal)
  let doing = 'beginning'
  try {
    signal?.throwIfAborted()
    return await act((step) => {
      signal?.throwIfAborted()
      doing = step
    })
  } catch (error) {
    if (signal?.aborted) throw interrupted(doing, error)
    throw explainAwsError(doing, error)
  }
}
