import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testFileOf } from '../../../src/core/rehearsal/author-tests.js'

test.each([
  ['my.ts', ['my.test.ts', 'test/my.test.ts'], 'my.test.ts'],
  ['my.js', ['my.test.mts'], 'my.test.mts'],
  ['my.ts', ['test/my.test.js'], 'test/my.test.js'],
  ['my/index.ts', ['my/my.test.ts'], 'my/my.test.ts'],
  ['my/index.ts', ['my/test/index.test.mjs'], 'my/test/index.test.mjs'],
  ['my.ts', ['other.test.ts', 'my.spec.ts', 'my.test.json'], undefined],
])('the test file of %s among %j', async (plugin, files, expected) => {
  const dir = mkdtempSync(join(tmpdir(), 'sc-tests-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  for (const file of files) {
    await mkdir(dirname(join(dir, file)), { recursive: true })
    await writeFile(join(dir, file), '')
  }
  expect(testFileOf(join(dir, plugin))).toBe(expected && join(dir, expected))
})
