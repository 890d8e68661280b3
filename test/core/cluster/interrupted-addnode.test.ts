import type { EC2 } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AddNodesOptions } from '../../../src/core/cluster/add-nodes.js'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'
import { expectWhole } from '../../support/simulated/whole.js'

let on: Simulated

beforeEach(async () => {
  on = await simulatedManager()
  await on.cm.startCluster('c', { overrides: { clusterSize: 2 } })
})
afterEach(() => on.close())

/** Changes how the client asks EC2. */
type Around = (name: string, input: { DryRun?: boolean }, ask: () => Promise<unknown>) => Promise<unknown>

function managerWith(around: Around): ClusterManager {
  const ec2 = new Proxy(on.aws.ec2, {
    get: (target, name) => {
      const method = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (input: object, ...rest: unknown[]) => around(String(name), input, () => method(input, ...rest))
    },
  })
  return new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } })
}

/** An addnode that is ended before or after EC2 launched, as by kill -9: it cleans nothing up. */
async function interrupted(
  options: AddNodesOptions,
  when: 'before' | 'after' = 'after',
  operation: keyof EC2 = 'runInstances',
) {
  const killed = new AbortController()
  const cm = managerWith(async (name, input, ask) => {
    if (name !== operation || input.DryRun) return ask()
    if (when === 'after') await ask()
    killed.abort(new Error('killed'))
    throw killed.signal.reason
  })
  await expect(cm.addNodes('c', { ...options, signal: killed.signal })).rejects.toMatchObject({
    code: 'CancelledRequest',
  })
}

const launched = () => Object.keys(on.cloud.state.ec2.instances).length
const marked = async () => {
  const { SecurityGroups = [] } = await on.aws.ec2.describeSecurityGroups({ GroupNames: ['@sc-c'] })
  return SecurityGroups[0]!.Tags!.some(({ Key }) => Key === 'starcluster:joining')
}

/** A manager to whom EC2 does not list the new nodes at first. */
function early(): ClusterManager {
  let looks = 2
  return managerWith(async (name, _, ask) => {
    const answer = (await ask()) as { Reservations?: { Instances?: { Tags?: { Value?: string }[] }[] }[] }
    if (name !== 'describeInstances' || looks-- <= 0) return answer
    const isOld = (one: { Tags?: { Value?: string }[] }) => one.Tags?.some(({ Value }) => Value === 'master,node001')
    const Reservations = answer.Reservations?.map((one) => ({ ...one, Instances: one.Instances?.filter(isOld) }))
    return { ...answer, Reservations }
  })
}

test.each(['before', 'after'] as const)(
  'killed right %s the launch, the same addnode again launches once, also while EC2 lists nothing of it',
  async (when) => {
    await interrupted({ count: 2 }, when)
    expect(await marked()).toBe(true)
    await early().addNodes('c', { count: 2 })
    expect(on.log).toContainEqual(expect.stringContaining('Going on with node[002-003]'))
    await expectWhole(on, 'c', ['master', 'node001', 'node002', 'node003'])
    expect(launched()).toBe(4)
    expect(await marked()).toBe(false)
    await on.cm.addNodes('c', { count: 2 }) // and the next one is another one
    expect(launched()).toBe(6)
  },
  60_000,
)

test('start -x finishes it too, with the type that was asked for', async () => {
  await interrupted({ aliases: ['big'], instanceType: 't3.large' }, 'before')
  await on.cm.startCluster('c', { create: false })
  await expectWhole(on, 'c', ['master', 'big', 'node001'])
  const big = await (await on.cm.getCluster('c')).getNode('big')
  expect(big.instanceType).toBe('t3.large')
  expect(await marked()).toBe(false)
}, 60_000)

test('another addnode leaves its names alone and tells of it', async () => {
  await interrupted({ count: 2 })
  await on.cm.addNodes('c', { count: 1 })
  expect(on.log).toContainEqual(expect.stringMatching(/node\[002-003\]: .* "starcluster start -x c" finishes it/))
  expect((await (await on.cm.getCluster('c')).getNodes()).map(({ alias }) => alias)).toEqual([
    ...['master', 'node001', 'node002', 'node003', 'node004'],
  ])
}, 60_000)

test('a node removed, or terminated elsewhere, after the interruption is launched anew when its name is asked for', async () => {
  await interrupted({ aliases: ['node002'] })
  await on.cm.removeNodes('c', { aliases: ['node002'] })
  expect(await marked()).toBe(false)
  await on.cm.addNodes('c', { aliases: ['node002'] })
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
  await on.cm.removeNodes('c', { aliases: ['node002'] })
  await interrupted({ aliases: ['node002'] })
  const cluster = await on.cm.getCluster('c')
  await on.aws.ec2.terminateInstances({ InstanceIds: [(await cluster.getNode('node002')).id] })
  await expect.poll(async () => (await cluster.getNodes()).length, { timeout: 20_000 }).toBe(2)
  await on.cm.addNodes('c', { aliases: ['node002'] })
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
}, 60_000)

test('two at once that would take the same name: one adds it, the other says so and launches nothing', async () => {
  const other = new ClusterManager(on.deps)
  const both = await Promise.allSettled([on.cm.addNodes('c'), other.addNodes('c')])
  await other.close()
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: {
      code: 'AddedElsewhere',
      message: expect.stringMatching(/another command is adding node002 to cluster c/),
    },
  })
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
  expect(launched()).toBe(3)
  expect(await marked()).toBe(false)
}, 60_000)

test('of a launch that was complete once, what has been terminated since is launched again', async () => {
  await on.cm.addNodes('c')
  const { groupId } = await on.cm.getCluster('c')
  // As a command leaves it that launched node003 a second time and was killed while it set up both.
  const Value = JSON.stringify({ id: '0123456789ab', nodes: 'node002-node003', launched: true })
  await on.aws.ec2.createTags({ Resources: [groupId], Tags: [{ Key: 'starcluster:joining', Value }] })
  await on.cm.addNodes('c', { count: 2 })
  await expectWhole(on, 'c', ['master', 'node001', 'node002', 'node003'])
  expect(launched()).toBe(4)
  expect(await marked()).toBe(false)
}, 60_000)

test('a launch that EC2 refuses is not gone on with', async () => {
  const cm = managerWith(async (name, input, ask) => {
    if (name !== 'runInstances' || input.DryRun) return ask()
    throw Object.assign(new Error('no'), { name: 'VcpuLimitExceeded', $metadata: {}, $fault: 'client' })
  })
  await expect(cm.addNodes('c')).rejects.toThrow()
  expect(await marked()).toBe(false)
})
