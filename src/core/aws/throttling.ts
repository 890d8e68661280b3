import { setTimeout as sleep } from 'node:timers/promises'
import { isAwsError } from './errors.js'

/** How long a call goes on being refused for its rate before that is told. */
const patienceMs = 10 * 60_000
const longestPauseMs = 20_000

/**
 * Makes a call again as long as AWS refuses it for the rate of requests, beyond the SDK's own few attempts: a thousand
 * nodes ask for more than an account's buckets hold, and these fill by themselves. The pauses have full jitter, so that
 * those who were refused together do not come back together.
 *
 * @throws what the call throws otherwise; the signal's reason
 */
export async function despiteThrottling<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const giveUp = performance.now() + patienceMs
  for (let limitMs = 1000; ; limitMs = Math.min(limitMs * 2, longestPauseMs)) {
    try {
      return await call()
    } catch (error) {
      if (!isThrottling(error) || performance.now() > giveUp) throw error
    }
    await sleep(Math.random() * limitMs, undefined, signal ? { signal } : {})
  }
}

/** Source: "Error codes for the Amazon EC2 API", and the SDK's own list of such errors. */
export function isThrottling(error: unknown): boolean {
  return isAwsError(error, 'RequestLimitExceeded', 'Throttling', 'ThrottlingException', 'RequestThrottled', 'SlowDown')
}
