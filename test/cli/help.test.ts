import { expect, test } from 'vitest'
import { exampleLines } from '../../src/cli/examples.js'

test('examples have their meaning beside them, and above them where the terminal is too narrow', () => {
  const lines = [
    ['starcluster ttl testcluster', 'when it ends by itself'],
    ['starcluster ttl testcluster 4h', 'in four hours from now'],
  ] as const
  expect(exampleLines(lines, 80)).toBe(
    '  $ starcluster ttl testcluster      # when it ends by itself\n  $ starcluster ttl testcluster 4h   # in four hours from now',
  )
  expect(exampleLines(lines, 50)).toBe(
    '  # when it ends by itself\n  $ starcluster ttl testcluster\n  # in four hours from now\n  $ starcluster ttl testcluster 4h',
  )
})
