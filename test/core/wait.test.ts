import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { untilAborted, waitFor } from '../../src/core/wait.js'

test('the first answer that is one comes back', async () => {
  let asked = 0
  const answer = await waitFor('three', () => (++asked < 3 ? undefined : asked), { timeoutMs: 60_000, intervalMs: 1 })
  expect(answer).toBe(3)
  expect(await waitFor('zero', () => 0, { timeoutMs: 60_000 })).toBe(0)
})

test('the deadline ends a probe that hangs, and says what was waited for', async () => {
  let seen: AbortSignal | undefined
  const hanging = (signal: AbortSignal) => {
    seen = signal
    return new Promise<never>(() => {
      // never
    })
  }
  await expect(waitFor('sshd on node001', hanging, { timeoutMs: 20, hint: 'look' })).rejects.toMatchObject({
    code: 'WaitTimeoutError',
    message: 'timed out after 20 ms waiting for sshd on node001',
    hint: 'look',
  })
  expect(seen?.aborted).toBe(true)
})

test('a failing probe ends the wait with its error', async () => {
  const broken = new Error('broken')
  await expect(waitFor('it', () => Promise.reject(broken), { timeoutMs: 60_000 })).rejects.toBe(broken)
})

test('an abort ends the wait with its reason and leaves no listener', async () => {
  const controller = new AbortController()
  const reason = new Error('Ctrl-C')
  const waiting = waitFor('it', () => false, { timeoutMs: 60_000, intervalMs: 60_000, signal: controller.signal })
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(waitFor('it', () => true, { timeoutMs: 1000, signal: controller.signal })).rejects.toBe(reason)
  const other = new AbortController()
  await waitFor('it', () => true, { timeoutMs: 1000, signal: other.signal })
  await untilAborted(Promise.resolve(1), other.signal)
  expect(getEventListeners(other.signal, 'abort')).toHaveLength(0)
})
