import { expect, test } from 'vitest'
import { pricesIn } from '../../../src/core/cost/prices.js'

// From AWS's price list, each by itself: the table computes sizes from one price a family.
test.each([
  ['t3.nano', 0.0052],
  ['t3.small', 0.0208],
  ['t3a.medium', 0.0376],
  ['t4g.2xlarge', 0.2688],
  ['m5.xlarge', 0.192],
  ['m5.24xlarge', 4.608],
  ['c5.18xlarge', 3.06],
  ['c5.9xlarge', 1.53],
  ['r5.12xlarge', 3.024],
  ['m7g.large', 0.0816],
  ['g5.xlarge', 1.006],
])('%s costs $%d an hour', (type, price) => {
  expect(pricesIn('us-east-1').instance(type)).toBeCloseTo(price, 4)
})

test('what the table does not have is not known, never guessed', () => {
  expect(pricesIn('us-east-1').instance('p9.large')).toBeUndefined()
  expect(pricesIn('us-east-1').instance('t3.huge')).toBeUndefined()
  expect(pricesIn('us-east-1').volume('io9', 10)).toBeUndefined()
  expect(pricesIn('eu-central-1').instance('t3.small')).toBeUndefined()
})

test('volumes cost by the GiB and month', () => {
  expect(pricesIn('us-west-2').volume('gp3', 730)).toBeCloseTo(0.08, 6)
})
