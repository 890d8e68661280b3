import { expect, test } from 'vitest'
import { batched } from '../../../src/localcloud/nodes/batched.js'

test('questions asked together are one call, later ones another; each gets its own answer', async () => {
  const calls: (readonly number[])[] = []
  const square = batched(async (keys: readonly number[]) => {
    calls.push(keys)
    return new Map(keys.filter((key) => key > 0).map((key) => [key, key * key]))
  })
  expect(await Promise.all([square(2), square(3), square(2), square(-1)])).toEqual([4, 9, 4, undefined])
  expect(await square(4)).toBe(16)
  expect(calls).toEqual([[2, 3, -1], [4]])
})

test('a call that fails fails for all who asked, and not for the next', async () => {
  let fails = true
  const ask = batched(async (keys: readonly string[]) => {
    if (fails) throw new Error('no luck')
    return new Map(keys.map((key) => [key, key]))
  })
  const answers = await Promise.allSettled([ask('a'), ask('b')])
  expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await ask('a')).toBe('a')
})
