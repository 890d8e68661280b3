import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldNodeNames, foldOutputs, unfoldNodeNames } from '../../../src/core/ssh/fold.js'

test.each([
  [[], ''],
  [['master'], 'master'],
  [['node001'], 'node001'],
  [['node001', 'node002'], 'node[001-002]'],
  [['master', 'node003', 'node001', 'node002', 'node007'], 'master,node[001-003,007]'],
  [['node998', 'node999', 'node1000', 'node1001'], 'node[998-1001]'],
  [['node9', 'node10', 'node11'], 'node[9-11]'],
  [['node01', 'node1'], 'node[1,01]'],
  [['rack1-node2-ib', 'rack1-node3-ib'], 'rack1-node[2-3]-ib'],
  [['a', 'a'], 'a'],
])('%j folds to %s', (names, folded) => {
  expect(foldNodeNames(names)).toBe(folded)
})

test('unfolding is the inverse', () => {
  const name = fc
    .tuple(
      fc.constantFrom('node', 'n', 'rack1-', 'master', ''),
      fc.oneof(fc.nat(30), fc.nat(1200)).map(String),
      fc.nat(4),
      fc.constantFrom('', 'x', '-ib'),
    )
    .map(([prefix, digits, width, suffix]) => prefix + digits.padStart(width, '0') + suffix)
  fc.assert(
    fc.property(fc.array(fc.oneof(name, fc.constantFrom('master', 'login')), { maxLength: 60 }), (names) => {
      const folded = foldNodeNames(names)
      expect(unfoldNodeNames(folded).sort()).toEqual([...new Set(names)].sort())
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['', []],
  ['master, node[001-002,004]', ['master', 'node001', 'node002', 'node004']],
  ['rack[1-2]-node[09-10]', ['rack1-node09', 'rack1-node10', 'rack2-node09', 'rack2-node10']],
  ['i-0abc,10.0.0.1', ['i-0abc', '10.0.0.1']],
])('a person writes %j', (text, names) => {
  expect(unfoldNodeNames(text)).toEqual(names)
})

test.each([
  ['node[001-003', /bracket/],
  ['node001-003]', /bracket/],
  ['node[003-001]', /003-001 ends before it begins/],
  ['node[]', /no number/],
  ['node[a-c]', /\[a-c\] is no number/],
  ['node[1-999999999]', /too many/],
  ['a[1-1000]b[1-1000]', /too many/],
])('%j is refused', (text, why) => {
  expect(() => unfoldNodeNames(text)).toThrow(why)
})

test('numbers too long to count with are left as they are', () => {
  const names = ['x123456789012345678901', 'x123456789012345678902']
  expect(unfoldNodeNames(foldNodeNames(names)).sort()).toEqual(names)
})

test('equal output stands once', () => {
  const outputs = new Map([
    ['node001', 'ok\n'],
    ['node002', 'ok'],
    ['master', 'E: no\nmore'],
    ['node003', ''],
  ])
  expect(foldOutputs(outputs)).toBe('node[001-002]: ok\nmaster:\n  E: no\n  more\nnode003:')
})
