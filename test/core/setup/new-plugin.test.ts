import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeNewPlugin } from '../../../src/core/setup/new-plugin.js'

test('when the config cannot be written, nothing is', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sc-new-plugin-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'file'), '')
  const config = join(dir, 'file', 'config')
  const types = { modules: {}, typeRoot: '/nowhere' }
  expect(() => writeNewPlugin({ name: 'x', dir, config, taken: [], types })).toThrow(
    /cannot write .*config: a (part of the path is a file|file has this name); nothing was made/,
  )
  expect(readdirSync(dir)).toEqual(['file'])
})
