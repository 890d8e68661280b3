import type { EC2 } from '@aws-sdk/client-ec2'
import { EC2ServiceException } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { NullEngine } from '../../../src/localcloud/ec2/null-engine.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

let on: InProcess

beforeEach(async () => {
  on = await inProcessManager()
})
afterEach(() => on.close())

/** The same cloud, where one operation of the client goes through `around`, but for its dry runs. */
function withOperation(
  name: keyof EC2,
  around: (call: (input: unknown) => Promise<unknown>, input: unknown) => Promise<unknown>,
) {
  const ec2 = new Proxy(on.aws.ec2, {
    get: (target, property) => {
      const method = Reflect.get(target, property)
      if (property !== name || typeof method !== 'function') return method
      return (input: unknown, ...rest: unknown[]) => {
        const dry = (input as { DryRun?: boolean }).DryRun
        return dry ? method(input, ...rest) : around((changed) => method(changed, ...rest), input)
      }
    },
  })
  return new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } })
}

const refusal = (name: string) =>
  new EC2ServiceException({ name, $fault: 'server', $metadata: {}, message: `no ${name}` })

test('a launch that EC2 refuses leaves nothing behind and says what to try', async () => {
  const cm = withOperation('runInstances', async () => {
    throw refusal('InsufficientInstanceCapacity')
  })
  await expect(cm.startCluster('c', { createOnly: true })).rejects.toMatchObject({
    code: 'InsufficientInstanceCapacity',
    message: expect.stringContaining('launching the nodes'),
    hint: expect.stringContaining('-a'),
  })
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('when the second group cannot be launched, the first does not go on costing money', async () => {
  let calls = 0
  const cm = withOperation('runInstances', async (call, input) => {
    if (++calls === 2) throw refusal('VcpuLimitExceeded')
    return call(input)
  })
  const overrides = { clusterSize: 3, masterInstanceType: 't3.large' }
  await expect(cm.startCluster('c', { createOnly: true, overrides })).rejects.toMatchObject({
    code: 'VcpuLimitExceeded',
  })
  expect(await on.cm.clusterExists('c')).toBe(false)
  const { Reservations } = await on.aws.ec2.describeInstances({})
  expect(Reservations!.flatMap(({ Instances }) => Instances!).every(({ State }) => State?.Name === 'terminated')).toBe(
    true,
  )
})

test('a group and instances that EC2 does not show yet are waited for', async () => {
  let early = 2
  const cm = withOperation('runInstances', async (call, input) => {
    if (early-- > 0) throw refusal('InvalidGroup.NotFound')
    return call(input)
  })
  const cluster = await cm.startCluster('c', { createOnly: true })
  expect(await cluster.getNodes()).toHaveLength(2)
})

test('Ctrl-C while nodes boot says so; the cluster can be resumed or terminated', async () => {
  const controller = new AbortController()
  const started = on.cm.startCluster('c', { signal: controller.signal })
  await expect.poll(() => on.log.some((line) => line.includes('Waiting for the nodes')), { timeout: 30_000 }).toBe(true)
  controller.abort(new Error('Ctrl-C'))
  await expect(started).rejects.toMatchObject({
    code: 'CancelledStartRequest',
    message: expect.stringContaining('waiting for the nodes'),
    hint: expect.stringMatching(/start -x c.*terminate c/),
  })
  expect(await (await on.cm.getCluster('c')).getNodes()).toHaveLength(2)
  await on.cm.terminateCluster('c')
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('a node that ends while it is started ends the wait, with the reason', async () => {
  const started = on.cm.startCluster('c')
  const failure = started.catch((error: unknown) => error)
  await expect.poll(() => on.log.some((line) => line.includes('Waiting for the nodes')), { timeout: 30_000 }).toBe(true)
  const [, node] = await (await on.cm.getCluster('c')).getNodes()
  await node!.terminate()
  expect(await failure).toMatchObject({
    code: 'NoClusterNodesFound',
    message: expect.stringContaining(node!.id),
    hint: expect.stringContaining('start -x c'),
  })
})

test('a start asks AWS the same number of questions for 2 nodes as for 50', async () => {
  const count = async (tag: string, clusterSize: number) => {
    let calls = 0
    const ec2 = new Proxy(on.aws.ec2, {
      get: (target, property) => {
        const method = Reflect.get(target, property)
        if (typeof method !== 'function' || typeof property === 'symbol') return method
        return (...args: unknown[]) => {
          calls++
          return method(...args)
        }
      },
    })
    const cm = new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } })
    await cm.startCluster(tag, { createOnly: true, overrides: { clusterSize } })
    return calls
  }
  await count('first', 1) // makes the key pair
  const two = await count('two', 2)
  expect(await count('fifty', 50)).toBe(two)
  expect(two).toBeLessThanOrEqual(10)
})

test('a thousand nodes and more are found in pages', async () => {
  const many = await inProcessManager({}, { engine: new NullEngine() })
  try {
    const cluster = await many.cm.startCluster('c', { createOnly: true, overrides: { clusterSize: 1200 } })
    const nodes = await cluster.getNodes()
    expect(nodes).toHaveLength(1200)
    expect(nodes.at(-1)!.alias).toBe('node1199')
    expect(nodes[0]!.alias).toBe('master')
  } finally {
    await many.close()
  }
}, 120_000)
