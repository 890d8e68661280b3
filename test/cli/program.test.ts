import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the command line can be run by its name: quickstart links to the file itself', () => {
  expect(readFileSync(new URL('../../src/cli/main.ts', import.meta.url), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
})
