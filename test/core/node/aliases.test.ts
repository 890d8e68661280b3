import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  aliasAt,
  checkHostname,
  compareAliases,
  expandAliases,
  foldAliases,
  freeAliases,
  isMasterAlias,
  workerAlias,
} from '../../../src/core/node/aliases.js'

test.each([
  ['one run', ['node001', 'node002', 'node003'], 'node001-node003'],
  ['the master and a run', ['master', 'node001', 'node002'], 'master,node001-node002'],
  ['past the thousandth', ['node998', 'node999', 'node1000', 'node1001'], 'node998-node1001'],
  ['with a prefix that has digits and dashes', ['t-1-node001', 't-1-node002'], 't-1-node001-t-1-node002'],
  ['a gap', ['node001', 'node003'], 'node001,node003'],
  ['a single one', ['login-7'], 'login-7'],
])('folds %s', (_, aliases, folded) => {
  expect(foldAliases(aliases)).toBe(folded)
  expect(expandAliases(folded)).toEqual(aliases)
})

test('whatever aliases a launch has, each instance finds its own', () => {
  const prefix = fc.stringMatching(/^([a-z][a-z0-9-]{0,8}[a-z-])?$/)
  const run = fc.tuple(prefix, fc.integer({ min: 1, max: 1200 }), fc.integer({ min: 1, max: 40 }))
  fc.assert(
    fc.property(fc.array(run, { maxLength: 4 }), (runs) => {
      const aliases = [
        ...new Set(runs.flatMap(([p, from, n]) => Array.from({ length: n }, (_, i) => workerAlias(from + i, p)))),
      ]
      const folded = foldAliases(aliases)
      expect(expandAliases(folded)).toEqual(aliases)
      for (const [index, alias] of aliases.entries()) expect(aliasAt(folded, index)).toBe(alias)
      expect(aliasAt(folded, aliases.length)).toBeUndefined()
    }),
  )
})

test('ten thousand nodes fit into the value of one tag', () => {
  const aliases = Array.from({ length: 10_000 }, (_, i) => workerAlias(i + 1, 'a-rather-long-cluster-name-'))
  expect(foldAliases(aliases).length).toBeLessThanOrEqual(256)
})

test('new workers are numbered on from the highest there is, over gaps and past the thousandth', () => {
  const numbers = fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 990, max: 1010 })))
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 30 }), fc.constantFrom('', 'c-'), (taken, count, prefix) => {
      const inUse = [`${prefix}master`, `${prefix}custom`, ...taken.map((n) => workerAlias(n, prefix))]
      const fresh = freeAliases(inUse, count, prefix)
      const next = Math.max(0, ...taken) + 1
      expect(fresh).toEqual(Array.from({ length: count }, (_, i) => workerAlias(next + i, prefix)))
      expect(new Set([...inUse, ...fresh]).size).toBe(inUse.length + count)
      const sorted = [...fresh, ...inUse].sort(compareAliases)
      expect(sorted[0]).toBe(`${prefix}master`)
      expect(sorted.slice(-count)).toEqual(fresh)
    }),
  )
  expect(freeAliases(['master', 'node999'], 2)).toEqual(['node1000', 'node1001'])
})

test('the master comes first, then nodes by number', () => {
  const shuffled = ['node1000', 'node999', 'custom', 't-master', 'node002']
  expect(shuffled.sort(compareAliases)).toEqual(['t-master', 'custom', 'node002', 'node999', 'node1000'])
  expect(isMasterAlias('webmaster')).toBe(false)
})

test.each(['node001', 't-master', 'a', '7up'])('%s is a host name', (name) => checkHostname(name))
test.each(['', '-a', 'a-', 'a_b', 'a.b', 'x'.repeat(64), 'a b'])('%j is no host name', (name) => {
  expect(() => checkHostname(name)).toThrow(expect.objectContaining({ code: 'InvalidHostname' }))
})
