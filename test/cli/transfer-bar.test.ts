import { expect, test } from 'vitest'
import { bytes, duration } from '../../src/cli/transfer-bar.js'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [4_000_000_000, '4.0 GB'],
  [2.5e15, '2500.0 TB'],
])('%d bytes are %s', (count, text) => {
  expect(bytes(count)).toBe(text)
})

test.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [60, '1:00'],
  [185, '3:05'],
  [7_800, '2:10:00'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})
