import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { expect, test, vi } from 'vitest'
import { faultsOf, metadataSource } from '../../../src/localcloud/ec2/index.js'
import { idOf, refused, testCloud } from './support.js'

type Market = RunInstancesCommandInput['InstanceMarketOptions']

const SPOT: Market = { MarketType: 'spot' }
const PERSISTENT: Market = {
  MarketType: 'spot',
  SpotOptions: { SpotInstanceType: 'persistent', InstanceInterruptionBehavior: 'stop' },
}

function spotCloud() {
  const on = testCloud()
  const request = async (instanceOrId: { SpotInstanceRequestId?: string | undefined } | string | undefined) => {
    const id = typeof instanceOrId === 'string' ? instanceOrId : instanceOrId?.SpotInstanceRequestId
    const { SpotInstanceRequests } = await on.ec2.describeSpotInstanceRequests({ SpotInstanceRequestIds: [id ?? ''] })
    return SpotInstanceRequests?.[0]
  }
  const tree = async (id: string) => {
    const { PrivateIpAddress } = await on.find(id)
    return metadataSource(on.cloud).instanceAt(PrivateIpAddress ?? '')?.tree ?? {}
  }
  return { ...on, request, tree, faults: faultsOf(on.cloud) }
}

test('RunInstances on the spot market: each instance has its request, active and fulfilled', async () => {
  const { launch, request, ec2 } = spotCloud()
  const tags = [{ ResourceType: 'spot-instances-request' as const, Tags: [{ Key: 'k', Value: 'v' }] }]
  const instances = await launch(2, { InstanceMarketOptions: SPOT, TagSpecifications: tags })
  expect(new Set(instances.map((one) => one.SpotInstanceRequestId)).size).toBe(2)
  for (const instance of instances) {
    expect(instance).toMatchObject({ InstanceLifecycle: 'spot' })
    expect(await request(instance)).toMatchObject({
      State: 'active',
      Status: { Code: 'fulfilled' },
      Type: 'one-time',
      InstanceInterruptionBehavior: 'terminate',
      InstanceId: idOf(instance),
      LaunchedAvailabilityZone: 'local-a',
      Tags: [{ Key: 'k', Value: 'v' }],
    })
  }
  const [onDemand] = await launch()
  expect(onDemand?.InstanceLifecycle).toBeUndefined()
  const filtered = await ec2.describeInstances({ Filters: [{ Name: 'instance-lifecycle', Values: ['spot'] }] })
  expect(filtered.Reservations?.flatMap((one) => one.Instances ?? [])).toHaveLength(2)
})

test.each<[string, Market, string, string]>([
  ['a wrong market', { MarketType: 'capacity-block' }, 'UnsupportedOperation', 'capacity-block'],
  ['a wrong price', { MarketType: 'spot', SpotOptions: { MaxPrice: 'much' } }, 'InvalidParameterValue', 'much'],
  [
    'a one-time request that stops',
    { MarketType: 'spot', SpotOptions: { InstanceInterruptionBehavior: 'stop' } },
    'InvalidParameterCombination',
    "type 'one-time' is not supported when instanceInterruptionBehavior is set to 'stop'",
  ],
  ['a duration', { MarketType: 'spot', SpotOptions: { BlockDurationMinutes: 60 } }, 'UnsupportedOperation', 'duration'],
])('refused: %s', async (_what, options, code, mention) => {
  const { launch } = spotCloud()
  await expect(launch(1, { InstanceMarketOptions: options })).rejects.toMatchObject(refused(code, mention))
})

test('a one-time instance cannot be stopped; one of a persistent request can, until it is cancelled', async () => {
  const { ec2, launch, request, settled } = spotCloud()
  const [once] = await launch(1, { InstanceMarketOptions: SPOT })
  await expect(ec2.stopInstances({ InstanceIds: [idOf(once)] })).rejects.toMatchObject(
    refused('UnsupportedOperation', 'one-time Spot Instance request'),
  )
  const [kept] = await launch(1, { InstanceMarketOptions: PERSISTENT })
  await ec2.stopInstances({ InstanceIds: [idOf(kept)] })
  await settled()
  expect(await request(kept)).toMatchObject({ State: 'disabled', Status: { Code: 'instance-stopped-by-user' } })
  await ec2.startInstances({ InstanceIds: [idOf(kept)] })
  await settled()
  expect(await request(kept)).toMatchObject({ State: 'active', Status: { Code: 'fulfilled' } })
  await ec2.cancelSpotInstanceRequests({ SpotInstanceRequestIds: [kept?.SpotInstanceRequestId ?? ''] })
  expect(await request(kept)).toMatchObject({
    State: 'cancelled',
    Status: { Code: 'request-canceled-and-instance-running' },
  })
  await ec2.stopInstances({ InstanceIds: [idOf(kept)] })
  await settled()
  await expect(ec2.startInstances({ InstanceIds: [idOf(kept)] })).rejects.toMatchObject(
    refused('IncorrectSpotRequestState'),
  )
})

test('terminated by its user: the request is closed and says so', async () => {
  const { ec2, launch, request } = spotCloud()
  const [instance] = await launch(1, { InstanceMarketOptions: SPOT })
  await ec2.terminateInstances({ InstanceIds: [idOf(instance)] })
  expect(await request(instance)).toMatchObject({ State: 'closed', Status: { Code: 'instance-terminated-by-user' } })
})

test('an interruption is told, then the instance ends with its reason', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  try {
    const { launch, request, tree, faults, find, settled } = spotCloud()
    const [instance, other] = await launch(2, { InstanceMarketOptions: SPOT })
    expect(await tree(idOf(instance))).not.toHaveProperty('spot/instance-action')
    await faults.inject({ kind: 'spot-interruption', instance: idOf(instance) })
    const time = `${new Date(Date.now() + 120_000).toISOString().slice(0, 19)}Z`
    const told = await tree(idOf(instance))
    expect(JSON.parse(told['spot/instance-action'] ?? '')).toEqual({ action: 'terminate', time })
    expect(told['spot/termination-time']).toBe(time)
    expect(told['instance-life-cycle']).toBe('spot')
    expect(await request(instance)).toMatchObject({ State: 'active', Status: { Code: 'marked-for-termination' } })
    await vi.advanceTimersByTimeAsync(119_000)
    expect((await find(instance?.InstanceId)).State?.Name).toBe('running')
    expect(faults.list()).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2000)
    await settled()
    expect(await find(instance?.InstanceId)).toMatchObject({
      State: { Name: 'terminated' },
      StateReason: { Code: 'Server.SpotInstanceTermination' },
    })
    expect(await request(instance)).toMatchObject({
      State: 'closed',
      Status: { Code: 'instance-terminated-no-capacity' },
    })
    expect((await find(other?.InstanceId)).State?.Name).toBe('running')
    expect(faults.list()).toEqual([])
  } finally {
    vi.useRealTimers()
  }
})

test('with the behavior stop the instance is stopped, and starts again; cleared in time nothing happens', async () => {
  const { launch, request, tree, faults, find, settled, ec2 } = spotCloud()
  const [instance] = await launch(1, { InstanceMarketOptions: PERSISTENT })
  await faults.inject({ kind: 'spot-interruption', ms: 50_000 })
  const action = JSON.parse((await tree(idOf(instance)))['spot/instance-action'] ?? '{}')
  expect(action).toMatchObject({ action: 'stop' })
  expect(await tree(idOf(instance))).not.toHaveProperty('spot/termination-time')
  await faults.clear('spot-interruption')
  expect(await tree(idOf(instance))).not.toHaveProperty('spot/instance-action')
  expect(await request(instance)).toMatchObject({ Status: { Code: 'fulfilled' } })
  await faults.inject({ kind: 'spot-interruption', ms: 1 })
  await expect.poll(async () => (await find(instance?.InstanceId)).State?.Name).toBe('stopped')
  expect(await find(instance?.InstanceId)).toMatchObject({ StateReason: { Code: 'Server.SpotInstanceShutdown' } })
  expect(await request(instance)).toMatchObject({ State: 'disabled', Status: { Code: 'instance-stopped-no-capacity' } })
  await ec2.startInstances({ InstanceIds: [idOf(instance)] })
  await settled()
  expect(await request(instance)).toMatchObject({ State: 'active', Status: { Code: 'fulfilled' } })
})

test('only spot instances that run can be interrupted', async () => {
  const { launch, faults } = spotCloud()
  const [onDemand] = await launch()
  await expect(faults.inject({ kind: 'spot-interruption' })).rejects.toMatchObject({ code: 'NoSpotInstance' })
  await expect(faults.inject({ kind: 'spot-interruption', instance: idOf(onDemand) })).rejects.toMatchObject({
    code: 'NoSpotInstance',
    message: expect.stringContaining(idOf(onDemand)),
  })
  expect(faults.list()).toEqual([])
})

test('without capacity RunInstances says so in the words of the spot market', async () => {
  const { launch, faults } = spotCloud()
  await faults.inject({ kind: 'capacity', times: 1 })
  await expect(launch(1, { InstanceMarketOptions: SPOT })).rejects.toMatchObject(
    refused('InsufficientInstanceCapacity', 'no Spot capacity'),
  )
})

test('RequestSpotInstances: open, and fulfilled once there is capacity', async () => {
  const { ec2, faults, request, find, settled } = spotCloud()
  await faults.inject({ kind: 'capacity' })
  const { SpotInstanceRequests: made = [] } = await ec2.requestSpotInstances({
    InstanceCount: 2,
    SpotPrice: '0.05',
    LaunchSpecification: { ImageId: 'default', InstanceType: 't3.small' },
  })
  expect(made).toHaveLength(2)
  const id = made[0]?.SpotInstanceRequestId ?? ''
  expect(made[0]).toMatchObject({ State: 'open', SpotPrice: '0.05' })
  expect(await request(id)).toMatchObject({ State: 'open', Status: { Code: 'capacity-not-available' } })
  await faults.clear()
  await expect.poll(async () => (await request(id))?.State, { timeout: 10_000 }).toBe('active')
  await settled()
  expect(await find((await request(id))?.InstanceId)).toMatchObject({
    InstanceType: 't3.small',
    InstanceLifecycle: 'spot',
    SpotInstanceRequestId: id,
    State: { Name: 'running' },
  })
})

test('an open request can be cancelled, and one whose time is over is closed', async () => {
  const { ec2, faults, request } = spotCloud()
  await faults.inject({ kind: 'capacity' })
  const ask = async (more: object = {}) => {
    const { SpotInstanceRequests } = await ec2.requestSpotInstances({
      LaunchSpecification: { ImageId: 'default' },
      ...more,
    })
    return SpotInstanceRequests?.[0]?.SpotInstanceRequestId ?? ''
  }
  const id = await ask()
  const { CancelledSpotInstanceRequests } = await ec2.cancelSpotInstanceRequests({ SpotInstanceRequestIds: [id] })
  expect(CancelledSpotInstanceRequests).toEqual([{ SpotInstanceRequestId: id, State: 'cancelled' }])
  expect(await request(id)).toMatchObject({ State: 'cancelled', Status: { Code: 'canceled-before-fulfillment' } })
  const late = await ask({ ValidUntil: new Date(Date.now() + 1200) })
  await expect.poll(async () => (await request(late))?.Status?.Code, { timeout: 10_000 }).toBe('schedule-expired')
})

test('wrong requests and ids are refused as EC2 does', async () => {
  const { ec2 } = spotCloud()
  await expect(ec2.requestSpotInstances({})).rejects.toMatchObject(refused('MissingParameter', 'LaunchSpecification'))
  await expect(
    ec2.requestSpotInstances({ LaunchSpecification: { ImageId: 'ami-00000000000000000' } }),
  ).rejects.toMatchObject(refused('InvalidAMIID.NotFound'))
  await expect(ec2.describeSpotInstanceRequests({ SpotInstanceRequestIds: ['sir-0badbad0'] })).rejects.toMatchObject(
    refused('InvalidSpotInstanceRequestID.NotFound', 'sir-0badbad0'),
  )
  await expect(ec2.cancelSpotInstanceRequests({ SpotInstanceRequestIds: ['nonsense'] })).rejects.toMatchObject(
    refused('InvalidSpotInstanceRequestID.Malformed'),
  )
  await expect(
    ec2.requestSpotInstances({ DryRun: true, LaunchSpecification: { ImageId: 'default' } }),
  ).rejects.toMatchObject(refused('DryRunOperation'))
  expect((await ec2.describeSpotInstanceRequests({})).SpotInstanceRequests).toEqual([])
})

test('a one-time spot instance that shuts itself down ends, and none can have termination protection', async () => {
  const { ec2, launch, find, engine, request } = spotCloud()
  const [instance] = await launch(1, { InstanceMarketOptions: SPOT })
  const id = idOf(instance)
  const protect = ec2.modifyInstanceAttribute({ InstanceId: id, DisableApiTermination: { Value: true } })
  await expect(protect).rejects.toMatchObject(
    refused('UnsupportedOperation', "Modifying 'disableApiTermination' is not supported for spot instances."),
  )
  const born = launch(1, { InstanceMarketOptions: SPOT, DisableApiTermination: true })
  await expect(born).rejects.toMatchObject(refused('UnsupportedOperation'))
  engine.powerOff(id)
  await expect.poll(async () => (await find(id)).State?.Name, { timeout: 30_000 }).toBe('terminated')
  expect((await find(id)).StateReason?.Code).toBe('Client.InstanceInitiatedShutdown')
  expect(await request(instance)).toMatchObject({ State: 'closed', Status: { Code: 'instance-terminated-by-user' } })
})
