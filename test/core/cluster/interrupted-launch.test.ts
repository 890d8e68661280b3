import type { EC2 } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { faultsOf } from '../../../src/localcloud/ec2/index.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

let on: InProcess

beforeEach(async () => {
  on = await inProcessManager()
})
afterEach(() => on.close())

/** A start that gets Ctrl-C while `operation` is asked, before or after EC2 has done it. */
async function interruptedAt(operation: keyof EC2, when: 'before' | 'after', overrides: object = {}, after = 1) {
  let calls = 0
  const controller = new AbortController()
  const ec2 = new Proxy(on.aws.ec2, {
    get: (target, property) => {
      const method = Reflect.get(target, property)
      if (property !== operation || typeof method !== 'function') return method
      return async (input: { DryRun?: boolean }) => {
        if (input.DryRun || ++calls < after) return method(input)
        if (when === 'after') await method(input)
        controller.abort(new Error('Ctrl-C'))
        throw controller.signal.reason
      }
    },
  })
  const cm = new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } })
  const started = cm.startCluster('c', {
    signal: controller.signal,
    overrides: { ...overrides, sshCidr: '10.0.0.0/8' },
  })
  await expect(started).rejects.toMatchObject({ code: 'CancelledStartRequest' })
}

function listingNothingAtFirst(): EC2 {
  let early = true
  return new Proxy(on.aws.ec2, {
    get: (target, property) => {
      const method = Reflect.get(target, property)
      if (property !== 'describeInstances' || typeof method !== 'function' || !early) return method
      early = false
      return async () => ({ Reservations: [] })
    },
  })
}

const instances = async () => {
  const { Reservations = [] } = await on.aws.ec2.describeInstances({})
  return Reservations.flatMap(({ Instances = [] }) => Instances)
}

test.each([
  ['authorizeSecurityGroupIngress', 'before'],
  ['authorizeSecurityGroupIngress', 'after'],
  ['runInstances', 'before'],
] as const)(
  'interrupted at %s (%s EC2 did it): start -x launches what was asked for',
  async (operation, when) => {
    const overrides = { clusterSize: 3, masterInstanceType: 't3.large', nodeInstanceType: 't3.medium' }
    await interruptedAt(operation, when, overrides)
    expect(await instances()).toEqual([])
    await expect(on.cm.startCluster('c', { createOnly: true })).rejects.toMatchObject({
      code: 'ClusterExists',
      hint: expect.stringMatching(/start -x c.*terminate c/),
    })
    await on.cm.startCluster('c', { create: false, validateOnly: true })
    expect(await instances()).toEqual([])
    const cluster = await on.cm.startCluster('c', { create: false, createOnly: true })
    const nodes = await cluster.getNodes()
    expect(nodes.map(({ alias }) => alias)).toEqual(['master', 'node001', 'node002'])
    expect((await instances()).map(({ InstanceType }) => InstanceType).sort()).toEqual([
      't3.large',
      't3.medium',
      't3.medium',
    ])
    const { SecurityGroups } = await on.aws.ec2.describeSecurityGroups({ GroupIds: [cluster.groupId] })
    const rules = SecurityGroups![0]!.IpPermissions!
    expect(rules.flatMap(({ IpRanges = [] }) => IpRanges.map(({ CidrIp }) => CidrIp))).toEqual(['10.0.0.0/8'])
    expect(rules).toHaveLength(2)
  },
  60_000,
)

test('nodes that were launched all the same, but are not listed yet, are not launched twice', async () => {
  await interruptedAt('runInstances', 'after')
  const launched = await instances()
  expect(launched).toHaveLength(2)
  const ec2 = listingNothingAtFirst()
  const cm = new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } })
  await cm.startCluster('c', { create: false, createOnly: true })
  expect((await instances()).map(({ InstanceId }) => InstanceId)).toEqual(launched.map(({ InstanceId }) => InstanceId))
}, 60_000)

test('a start that launched only its master launches the others when it is resumed, and only once', async () => {
  const overrides = { clusterSize: 3, masterInstanceType: 't3.large' }
  await interruptedAt('runInstances', 'after', overrides)
  expect(await instances()).toHaveLength(1)
  const cluster = await on.cm.startCluster('c', { create: false, createOnly: true })
  const aliases = async () => (await cluster.getNodes()).map(({ alias }) => alias)
  expect(await aliases()).toEqual(['master', 'node001', 'node002'])
  await on.cm.stopCluster('c')
  await on.aws.ec2.terminateInstances({ InstanceIds: [(await cluster.getNode('node002')).id] })
  await expect.poll(aliases, { timeout: 20_000 }).toEqual(['master', 'node001'])
  await on.cm.startCluster('c', { create: false, createOnly: true })
  expect(await aliases()).toEqual(['master', 'node001'])
}, 60_000)

test('nodes that were launched in the second zone, but are not listed yet, are not launched again in the first', async () => {
  const lines = ['cluster_size = 3', 'availability_zone = local-a', 'fallback_zones = local-b', 'spot_max_price = 0.1']
  await on.home.write('.starclusterrc', ['[cluster t]', ...lines, '[global]', 'default_template = t'].join('\n'))
  await faultsOf(on.cloud).inject({ kind: 'capacity', zone: 'local-a' })
  await interruptedAt('runInstances', 'after', {}, 2) // refused in the first zone, launched in the second
  await faultsOf(on.cloud).clear()
  const before = (await instances()).map(({ InstanceId }) => InstanceId)
  expect(before).toHaveLength(2)
  const ec2 = listingNothingAtFirst()
  const cm = new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } })
  await cm.startCluster('c', { create: false, createOnly: true })
  const after = await instances()
  expect(after.map(({ InstanceId }) => InstanceId)).toEqual(expect.arrayContaining(before))
  expect(after.map(({ Placement }) => Placement?.AvailabilityZone)).toEqual(Array(3).fill('local-b'))
}, 60_000)
