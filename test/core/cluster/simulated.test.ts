import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { generateKeyPair } from '../../../src/core/ssh/keys.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'
import { expectWhole } from '../../support/simulated/whole.js'

let on: Simulated

beforeEach(async () => {
  on = await simulatedManager()
})
afterEach(() => on.close())

const start = (clusterSize = 3) => on.cm.startCluster('c', { overrides: { clusterSize } })

test('a start makes a cluster of simulated machines, and a second run of the set-up changes nothing', async () => {
  await start()
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
  const before = on.log.length
  await on.cm.startCluster('c', { create: false })
  expect(on.log.slice(before).filter((line) => line.includes('changed: '))).toEqual([])
})

test('of two starts at once one wins and the other says so', async () => {
  const results = await Promise.allSettled([start(), start()])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({
    code: 'ClusterExists',
    message: expect.stringMatching(/another start|3 nodes/),
  })
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
})

test('two resumes at once leave one whole cluster', async () => {
  await start()
  await on.cm.stopCluster('c')
  await Promise.all([1, 2].map(() => new ClusterManager(on.deps).startCluster('c', { create: false })))
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
})

test('a key file that only the start names opens the nodes', async () => {
  const pair = await generateKeyPair('ed25519')
  const keyLocation = await on.home.write('elsewhere.pem', pair.privateKey)
  await on.aws.ec2.importKeyPair({ KeyName: 'mine', PublicKeyMaterial: Buffer.from(pair.publicKey) })
  await on.cm.startCluster('c', { overrides: { clusterSize: 2, keyname: 'mine', keyLocation } })
  await expectWhole(on, 'c', ['master', 'node001'])
})
