import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  aliasAt,
  checkHostname,
  compareAliases,
  expandAliases,
  foldAliases,
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

test('the master comes first, then nodes by number', () => {
  const shuffled = ['node1000', 'node999', 'custom', 't-master', 'node002']
  expect(shuffled.sort(compareAliases)).toEqual(['t-master', 'custom', 'node002', 'node999', 'node1000'])
  expect(isMasterAlias('webmaster')).toBe(false)
})

test.each(['node001', 't-master', 'a', '7up'])('%s is a host name', (name) => checkHostname(name))
test.each(['', '-a', 'a-', 'a_b', 'a.b', 'x'.repeat(64), 'a b'])('%j is no host name', (name) => {
  expect(() => checkHostname(name)).toThrow(expect.objectContaining({ code: 'InvalidHostname' }))
})
