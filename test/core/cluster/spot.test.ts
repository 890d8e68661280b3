import type { EC2, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { EC2ServiceException } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { renderCluster } from '../../../src/cli/render-cluster.js'
import { renderPreview } from '../../../src/cli/render-preview.js'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { faultsOf } from '../../../src/localcloud/ec2/index.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'
import { expectNothingLeft, expectWhole } from '../../support/simulated/whole.js'

// Clusters on the spot market, on simulated machines.

let on: Simulated

beforeEach(async () => {
  on = await simulatedManager()
})
afterEach(() => on.close())

const start = (overrides: object = {}, cm = on.cm) =>
  cm.startCluster('c', { overrides: { clusterSize: 3, spotBid: 0.1, ...overrides } })

const markets = async () =>
  Object.fromEntries(
    (await (await on.cm.getCluster('c')).getNodes()).map((node) => [node.alias, node.isSpot() ? 'spot' : 'on-demand']),
  )

test('workers are spot instances at the price, the master is on demand; later workers are like the first', async () => {
  await start()
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
  expect(await markets()).toEqual({ master: 'on-demand', node001: 'spot', node002: 'spot' })
  await on.cm.addNodes('c', { count: 1 })
  expect(await markets()).toMatchObject({ node003: 'spot' })
  const { SpotInstanceRequests } = await on.aws.ec2.describeSpotInstanceRequests({})
  expect(SpotInstanceRequests).toHaveLength(3)
  for (const request of SpotInstanceRequests!) {
    expect(request).toMatchObject({
      SpotPrice: expect.stringMatching(/^0\.10*$/),
      Type: 'one-time',
      InstanceInterruptionBehavior: 'terminate',
      State: 'active',
      Tags: expect.arrayContaining([{ Key: 'starcluster:cluster', Value: 'c' }]),
    })
  }
  await on.cm.removeNodes('c', { aliases: ['node003'] })
  await on.cm.terminateCluster('c')
  await expectNothingLeft(on)
}, 60_000)

test('--plan tells which nodes are to be spot instances', async () => {
  const preview = await on.cm.previewStart('c', { overrides: { clusterSize: 2, spotBid: 0.1 } })
  const text = renderPreview(preview)
  expect(text).toMatch(/master, t3\.small, image/)
  expect(text).toMatch(/node001, t3\.small on the spot market, image/)
})

test('spot_max_price asks for spot instances too; force_spot_master makes the master one', async () => {
  const template = '[cluster t]\ncluster_size = 2\nspot_max_price = 0.02\nforce_spot_master = yes\n'
  await on.home.write('.starclusterrc', template)
  await on.cm.startCluster('c', { template: 't', createOnly: true })
  expect(await markets()).toEqual({ master: 'spot', node001: 'spot' })
}, 60_000)

test('a cluster with spot nodes is not stopped, and says what can be done', async () => {
  await start()
  await expect(on.cm.stopCluster('c')).rejects.toMatchObject({
    message: expect.stringMatching(/node\[001-002\] of cluster c cannot be stopped: spot instance/),
    hint: expect.stringContaining('terminate c'),
  })
  expect(await markets()).toMatchObject({ node001: 'spot' })
}, 60_000)

test('no spot capacity: the workers are launched on demand, and that is told', async () => {
  const ec2 = new Proxy(on.aws.ec2, {
    get: (target, property: keyof EC2) => {
      const method = Reflect.get(target, property)
      if (property !== 'runInstances' || typeof method !== 'function') return method
      return async (input: RunInstancesCommandInput, ...rest: unknown[]) => {
        const name = 'SpotMaxPriceTooLow'
        const message = 'Your Spot request price of 0.1 is lower than the minimum required'
        if (input.InstanceMarketOptions && !input.DryRun)
          throw new EC2ServiceException({ name, $fault: 'client', $metadata: {}, message })
        return (method as (...all: unknown[]) => unknown)(input, ...rest)
      }
    },
  })
  await start({}, new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } }))
  expect(await markets()).toEqual({ master: 'on-demand', node001: 'on-demand', node002: 'on-demand' })
  expect(on.log).toContainEqual(
    expect.stringMatching(
      /no capacity for 2 t3\.small as spot instances in zone local-\w: Your Spot request price.*; trying 2 t3\.small in zone/,
    ),
  )
}, 60_000)

test('listclusters tells which nodes are spot instances, and of one that EC2 is going to end', async () => {
  await start()
  const row = async (alias: string) => {
    const [listing] = await on.cm.listClusters({ tags: ['c'] })
    return renderCluster(listing!)
      .split('\n')
      .find((line) => line.includes(` ${alias} `))
  }
  expect(await row('node001')).toMatch(/node001 running {2}i-\w+ \S+ \(spot sir-\w+\)$/)
  expect(await row('master')).not.toContain('spot')
  const cluster = await on.cm.getCluster('c')
  const { id } = await cluster.getNode('node001')
  await faultsOf(on.cloud).inject({ kind: 'spot-interruption', instance: id, ms: 60_000 })
  expect(await row('node001')).toMatch(/\(spot sir-\w+\) - Your Spot Instance is marked for termination\.$/)
  expect(await row('node002')).toMatch(/\(spot sir-\w+\)$/)
  await faultsOf(on.cloud).clear()
  await faultsOf(on.cloud).inject({ kind: 'spot-interruption', instance: id, ms: 1 })
  await expect.poll(() => markets(), { timeout: 20_000 }).toEqual({ master: 'on-demand', node002: 'spot' })
  await on.cm.terminateCluster('c')
  await expectNothingLeft(on)
}, 60_000)

test('addnode at a price adds spot instances to a cluster on demand; stop -t removes them and stops the others', async () => {
  await on.cm.startCluster('c', { overrides: { clusterSize: 2 } })
  await on.cm.addNodes('c', { count: 1, spotPrice: 0.05 })
  expect(await markets()).toEqual({ master: 'on-demand', node001: 'on-demand', node002: 'spot' })
  const { SpotInstanceRequests } = await on.aws.ec2.describeSpotInstanceRequests({})
  expect(SpotInstanceRequests).toMatchObject([{ SpotPrice: expect.stringMatching(/^0\.050*$/) }])
  await on.cm.addNodes('c', { count: 1 })
  expect(await markets()).toMatchObject({ node003: 'on-demand' })

  await expect(on.cm.stopCluster('c')).rejects.toMatchObject({ hint: expect.stringContaining('stop -t c') })
  await on.cm.stopCluster('c', { terminateUnstoppable: true })
  const nodes = await (await on.cm.getCluster('c')).getNodes()
  expect(nodes.map(({ alias, state }) => `${alias} ${state}`)).toEqual([
    'master stopped',
    'node001 stopped',
    'node003 stopped',
  ])
  await on.cm.startCluster('c', { create: false })
  await expectWhole(on, 'c', ['master', 'node001', 'node003'])
  await on.cm.terminateCluster('c')
  await expectNothingLeft(on)
}, 60_000)

test('a cluster whose master cannot be stopped is not stopped without it', async () => {
  await start({ forceSpotMaster: true, clusterSize: 2 })
  await on.cm.addNodes('c', { count: 1 })
  await expect(on.cm.stopCluster('c', { terminateUnstoppable: true })).rejects.toMatchObject({
    code: 'InvalidOperation',
    hint: expect.stringMatching(/^"starcluster terminate c"/),
  })
  expect(await markets()).toMatchObject({ master: 'spot' })
  await on.cm.terminateCluster('c')
}, 60_000)
