import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { guestDir } from '../../../src/localcloud/nodes/guest-dir.js'

const script = join(dirname(fileURLToPath(import.meta.url)), 'supervisor-loop.pl')

/** A wait that began between a signal and its handler slept over it about once in 20,000 ends: a boot was never answered. */
test.skipIf(process.platform !== 'linux')(
  "the supervisor's loop hears of every child that ends",
  async () => {
    const ends = 6000
    const run = promisify(execFile)('perl', [script, join(guestDir(), 'host'), String(ends)], { timeout: 200_000 })
    expect((await run).stdout).toBe(`${ends}\n`)
  },
  240_000,
)
