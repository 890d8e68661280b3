import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { renderUserData } from '../../../src/core/cluster/user-data.js'
import { parseUserData } from '../../../src/core/node/user-data.js'

test('user data is read back as the files it was made of', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'sc-user-data-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const names = fc.uniqueArray(fc.stringMatching(/^[\w-][\w.-]{0,8}$/), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(names, fc.string(), async (files, text) => {
      const paths = files.map((name) => join(dir, name))
      for (const path of paths) await writeFile(path, `#!/bin/sh\n\n${text}`)
      const read = parseUserData((await renderUserData(paths)).toString('utf8'))
      expect(files.map((name) => read.get(name))).toEqual(files.map(() => `#!/bin/sh\n\n${text}`))
    }),
    { numRuns: 30 },
  )
})

test('user data that is no multi-part is one text, and none is none', () => {
  expect(parseUserData('#!/bin/sh\n\ntrue\n')).toEqual(new Map([['user-data', '#!/bin/sh\n\ntrue\n']]))
  expect(parseUserData('')).toEqual(new Map())
})
