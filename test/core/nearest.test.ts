import fc from 'fast-check'
import { expect, test } from 'vitest'
import { didYouMean, editDistance, nearest } from '../../src/core/nearest.js'

test.each([
  ['clustr', ['global', 'cluster', 'key'], 'cluster'],
  ['pulgins', ['plugins', 'permissions'], 'plugins'],
  ['CLUSTER_SIZ', ['cluster_user', 'cluster_size'], 'cluster_size'],
  ['protocol', ['ip_protocol', 'from_port'], 'ip_protocol'],
  ['image', ['node_image_id', 'master_image_id'], undefined],
  ['xyz', ['cluster', 'key'], undefined],
  ['a', ['b'], undefined],
  ['', ['x'], undefined],
  ['x', [], undefined],
])('nearest(%j, %j)', (word, candidates, wanted) => {
  expect(nearest(word, candidates)).toBe(wanted)
})

test('didYouMean is the end of a message, or nothing', () => {
  expect(didYouMean('clustr', ['cluster'])).toBe(' (did you mean cluster?)')
  expect(didYouMean('zzz', ['cluster'])).toBe('')
})

/** The definition, without any table. */
function defined(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const [headA, headB] = [a.slice(0, -1), b.slice(0, -1)]
  const last = a.at(-1) === b.at(-1) ? 0 : 1
  const steps = [defined(headA, b) + 1, defined(a, headB) + 1, defined(headA, headB) + last]
  const swapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)
  if (swapped) steps.push(defined(a.slice(0, -2), b.slice(0, -2)) + 1)
  return Math.min(...steps)
}

test('property: the distance is that of the definition', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
  fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) === defined(a, b)))
})

test('property: a candidate one slip away is found, and an exact one is preferred', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', '_'), minLength: 4, maxLength: 12 })
  fc.assert(
    fc.property(word, fc.array(word), fc.nat(11), (wanted, others, position) => {
      const slip = wanted.slice(0, position % wanted.length) + wanted.slice((position % wanted.length) + 1)
      const found = nearest(slip, [...others, wanted])
      expect(found).toBeDefined()
      expect(editDistance(slip, found!)).toBeLessThanOrEqual(1)
      expect(nearest(wanted, [...others, wanted])).toBe(wanted)
    }),
  )
})
