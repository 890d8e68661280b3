import { expect, test } from 'vitest'
import { covers, rangeKey } from '../../../src/core/aws/cidr.js'

test.each([
  ['0.0.0.0/0', '198.51.100.7/32', true],
  ['198.51.100.0/24', '198.51.100.7/32', true],
  ['198.51.100.0/24', '198.51.101.7/32', false],
  ['198.51.100.7/32', '198.51.100.0/24', false],
  ['198.51.100.200/25', '198.51.100.129/32', true],
  ['2001:db8::/32', '2001:db8:1::7/128', true],
  ['2001:db8::/32', '2001:db9::/128', false],
  ['::/0', '198.51.100.7/32', false],
])('%s covers %s: %s', (outer, inner, is) => {
  expect(covers(outer, inner)).toBe(is)
})

test('ranges of the same addresses have one key, however they are written', () => {
  expect(rangeKey('198.51.100.7/24')).toBe(rangeKey('198.51.100.0/24'))
  expect(rangeKey('198.51.100.0/25')).not.toBe(rangeKey('198.51.100.0/24'))
  expect(rangeKey('2001:DB8:0:0::1/64')).toBe(rangeKey('2001:db8::/64'))
  expect(rangeKey('::ffff:1.2.3.4/128')).toBe(rangeKey('::ffff:102:304/128'))
  expect(rangeKey('::/0')).not.toBe(rangeKey('0.0.0.0/0'))
})
