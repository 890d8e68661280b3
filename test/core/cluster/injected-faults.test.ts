import { afterEach, beforeEach, expect, test } from 'vitest'
import { faultsOf } from '../../../src/localcloud/ec2/index.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

let on: InProcess

beforeEach(async () => {
  on = await inProcessManager()
})
afterEach(() => on.close())

const faults = () => faultsOf(on.cloud)
const living = async () => {
  const { Reservations = [] } = await on.aws.ec2.describeInstances({})
  return Reservations.flatMap(({ Instances = [] }) => Instances).filter(({ State }) => State?.Name !== 'terminated')
}

test('a type that lacks in the zone: one message that says what to try, and nothing left', async () => {
  faults().inject({ kind: 'capacity', type: 't3.small' })
  await expect(on.cm.startCluster('c', { createOnly: true })).rejects.toMatchObject({
    code: 'InsufficientInstanceCapacity',
    message: expect.stringMatching(/sufficient t3\.small capacity/),
    hint: expect.stringContaining('-i'),
  })
  expect(await on.cm.clusterExists('c')).toBe(false)
  expect(await living()).toEqual([])
  const cluster = await on.cm.startCluster('c', { createOnly: true, overrides: { nodeInstanceType: 't3.medium' } })
  expect(await cluster.getNodes()).toHaveLength(2)
}, 120_000)

test('capacity that comes back while EC2 is asked again is no failure', async () => {
  faults().inject({ kind: 'capacity', times: 2 })
  const cluster = await on.cm.startCluster('c', { createOnly: true })
  expect(await cluster.getNodes()).toHaveLength(2)
}, 120_000)

test('throttled requests are made again: twelve starts, one after the other at full speed, succeed', async () => {
  faults().inject({ kind: 'throttle' })
  for (let n = 0; n < 12; n++) {
    await on.cm.startCluster(`c${n}`, { createOnly: true, overrides: { clusterSize: 1 } })
  }
  expect(await living()).toHaveLength(12)
}, 120_000)

test('what EC2 does not know yet is waited for: key pair, group and nodes', async () => {
  faults().inject({ kind: 'visibility', ms: 1500 })
  const cluster = await on.cm.startCluster('c', { createOnly: true })
  await expect.poll(async () => (await cluster.getNodes()).length, { timeout: 30_000 }).toBe(2)
  await on.cm.terminateCluster('c')
  expect(await on.cm.clusterExists('c')).toBe(false)
}, 120_000)

test('a launch that fails while EC2 does not list its nodes yet leaves none behind', async () => {
  faults().inject({ kind: 'visibility', ms: 1500 })
  faults().inject({ kind: 'capacity', type: 't3.small' })
  const overrides = { clusterSize: 3, masterInstanceType: 't3.large' }
  await expect(on.cm.startCluster('c', { createOnly: true, overrides })).rejects.toMatchObject({
    code: 'InsufficientInstanceCapacity',
  })
  faults().clear()
  expect(await living()).toEqual([])
  expect(await on.cm.clusterExists('c')).toBe(false)
}, 120_000)

test.each(['boot-failure', 'crash'] as const)(
  '%s while a cluster starts ends the wait and names the node',
  async (kind) => {
    faults().inject({ kind, times: 1 })
    const failure = await on.cm.startCluster('c').catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'NoClusterNodesFound',
      message: expect.stringMatching(/i-0[0-9a-f]{16}/),
      hint: expect.stringContaining('terminate c'),
    })
    await on.cm.terminateCluster('c')
    expect(await living()).toEqual([])
  },
  120_000,
)

test('a stopped node that does not boot ends the resume with its reason, and the next try may succeed', async () => {
  await on.cm.startCluster('c', { createOnly: true })
  await expect
    .poll(async () => (await living()).every(({ State }) => State?.Name === 'running'), { timeout: 30_000 })
    .toBe(true)
  await on.aws.ec2.stopInstances({ InstanceIds: (await living()).map(({ InstanceId }) => InstanceId ?? '') })
  await expect
    .poll(async () => (await living()).every(({ State }) => State?.Name === 'stopped'), { timeout: 30_000 })
    .toBe(true)
  faults().inject({ kind: 'boot-failure', times: 2 })
  await expect(on.cm.startCluster('c', { create: false })).rejects.toMatchObject({
    code: 'NoClusterNodesFound',
    message: expect.stringMatching(/ended while they were started\n.*master.*/),
    hint: expect.stringContaining('start -x c'),
  })
  expect((await living()).map(({ State }) => State?.Name)).toEqual(['stopped', 'stopped'])
}, 120_000)
