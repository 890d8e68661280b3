import { afterAll, beforeAll, expect, test } from 'vitest'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

// A region without disks that can be put back, as those of AWS.
let cloud: InProcess
beforeAll(async () => {
  cloud = await inProcessManager() // neither the cluster nor the plugin exists: it is said before they are looked for
})
afterAll(async () => {
  await cloud.close()
})

test.each([
  ['snapshot', () => cloud.cm.snapshot('prod')],
  ['rollback', () => cloud.cm.rollback('prod')],
  ['listSnapshots', () => cloud.cm.listSnapshots('prod')],
  ['runPlugin with fresh', () => cloud.cm.runPlugin('no-such', 'prod', { fresh: true })],
  ['runPlugin with dryRun', () => cloud.cm.runPlugin('no-such', 'prod', { dryRun: true })],
])('%s says where it can be done, and what to do instead', async (_name, act) => {
  await expect(act()).rejects.toMatchObject({
    code: 'SnapshotsUnavailable',
    message: expect.stringMatching(/cluster prod cannot be put back .* in region local: only the local cloud can/),
    hint: expect.stringMatching(/make an image/),
  })
})
