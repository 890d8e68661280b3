import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDuration } from '../../../src/core/setup/durations.js'

/** Units in the order they are written, with what one is in milliseconds. */
const units: readonly (readonly [ms: number, names: readonly string[]])[] = [
  [604_800_000, ['w', 'week', 'weeks']],
  [86_400_000, ['d', 'day', 'days']],
  [3_600_000, ['h', 'hr', 'hrs', 'hour', 'hours']],
  [60_000, ['m', 'min', 'mins', 'minute', 'minutes']],
  [1_000, ['s', 'sec', 'secs', 'second', 'seconds']],
  [1, ['ms', 'msec', 'msecs', 'millisecond', 'milliseconds']],
]

/** A way to write a duration, and its milliseconds. */
const written = fc
  .subarray([...units.keys()], { minLength: 1 })
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((at) => {
        const [ms, names] = units[at]!
        const amount = fc.integer({ min: 0, max: 4000 }).map((thousandths) => thousandths / 8)
        return fc
          .tuple(amount, fc.constantFrom(...names), fc.constantFrom('', ' '), fc.boolean())
          .map(([n, name, blank, upper]) => ({ text: `${n}${blank}${upper ? name.toUpperCase() : name}`, ms: n * ms }))
      }),
    ),
  )
  .chain((parts) =>
    fc.constantFrom('', ' ').map((blank) => ({
      text: parts.map(({ text }) => text).join(blank),
      ms: parts.reduce((sum, part) => sum + part.ms, 0),
    })),
  )

test('every way to write a duration is read as what it is', () => {
  fc.assert(
    fc.property(written, fc.constantFrom(1, 1_000, 60_000, 3_600_000), ({ text, ms }, unitMs) => {
      expect(parseDuration(text, unitMs)).toBeCloseTo(ms / unitMs, 6)
    }),
  )
})

test('a bare number is of the unit that is asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0 }), (n) => {
      expect(parseDuration(` ${n} `, 1_000)).toBe(n)
      expect(parseDuration(`${n}s`, 1_000)).toBe(n)
    }),
  )
})

test.each([
  ['90', 1_000, 90],
  ['90s', 1_000, 90],
  ['1.5h', 1_000, 5400],
  ['1.1h', 1_000, 3960],
  ['1h30m', 1_000, 5400],
  ['1 h 30 min', 60_000, 90],
  ['2 days', 3_600_000, 48],
  ['500ms', 1_000, 0.5],
  ['.5s', 1, 500],
])('%s in units of %d ms is %d', (text, unitMs, value) => {
  expect(parseDuration(text, unitMs)).toBe(value)
})

test.each([
  '',
  ' ',
  'soon',
  '-1',
  '-1s',
  '1x',
  '1 month',
  's',
  '1h1h',
  '30m1h',
  '1,5h',
  '1h 30',
  '1.2.3s',
  '1e3',
  'Infinity',
])('%j is no duration', (text) => {
  expect(parseDuration(text, 1_000)).toBeUndefined()
})
