import { expect, test } from 'vitest'
import { testCluster } from '../../src/testing/index.js'

test('without a cluster under test it says how to get one', async () => {
  await expect(testCluster()).rejects.toMatchObject({
    code: 'NoTestCluster',
    message: 'there is no cluster to test on',
    hint: expect.stringContaining('starcluster test PLUGIN'),
  })
})
