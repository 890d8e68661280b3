import { expect, test } from 'vitest'
import type { Fault } from '../../../src/localcloud/ec2/index.js'
import { beginFaults, faultsOf, parseFault } from '../../../src/localcloud/ec2/index.js'
import { idOf, refused, testCloud } from './support.js'

test('what is no fault is refused with what is right', () => {
  const wrong = (value: unknown) => {
    try {
      parseFault(value)
      return undefined
    } catch (error) {
      return error
    }
  }
  expect(wrong({ kind: 'capacty' })).toMatchObject({ code: 'InvalidFault', hint: expect.stringContaining('capacity') })
  expect(wrong({ kind: 'visibility' })).toMatchObject({ message: expect.stringContaining('needs ms') })
  expect(wrong({ kind: 'throttle', ms: 3 })).toMatchObject({ message: expect.stringContaining('no setting "ms"') })
  expect(wrong({ kind: 'crash', times: 0.5 })).toMatchObject({ message: expect.stringContaining('cannot be 0.5') })
  expect(wrong(null)).toMatchObject({ code: 'InvalidFault' })
  expect(parseFault({ kind: 'slow-boot', ms: 5, times: undefined })).toEqual({ kind: 'slow-boot', ms: 5 })
})

test('faults are listed, replaced by kind (capacity by place) and cleared', () => {
  const faults = faultsOf(testCloud().cloud)
  for (const fault of [
    { kind: 'throttle' },
    { kind: 'slow-boot', ms: 1 },
    { kind: 'slow-boot', ms: 2 },
    { kind: 'capacity', zone: 'local-a' },
    { kind: 'capacity', zone: 'local-b' },
  ] satisfies Fault[]) {
    faults.inject(fault)
  }
  expect(faults.list()).toHaveLength(4)
  expect(faults.get('slow-boot')).toEqual({ kind: 'slow-boot', ms: 2 })
  faults.clear('capacity')
  expect(faults.list().map(({ kind }) => kind)).toEqual(['throttle', 'slow-boot'])
  faults.clear()
  expect(faults.list()).toEqual([])
})

test('instances launched count too: a thousand at once, then two a second', async () => {
  let now = 0
  const { ec2, cloud } = testCloud({ now: () => new Date(now) })
  faultsOf(cloud).inject({ kind: 'throttle' })
  const launch = (count: number) => ec2.runInstances({ ImageId: 'default', MinCount: count, MaxCount: count })
  await launch(999)
  await expect(launch(2)).rejects.toMatchObject({
    ...refused('RequestLimitExceeded'),
    $metadata: { httpStatusCode: 503 },
  })
  now += 500
  await launch(2)
  now += 60_000
  await launch(120)
  await expect(launch(1)).rejects.toMatchObject(refused('RequestLimitExceeded'))
})

test.each([
  ['RunInstances', 5],
  ['CreateTags', 100],
  ['TerminateInstances', 100],
  ['DeleteKeyPair', 50],
  ['DescribeVpcs', 50],
  ['DescribeKeyPairs', 100],
])('%s: a burst of %i requests', async (action, burst) => {
  const { ec2, cloud, launch } = testCloud({ now: () => new Date(0) })
  const [instance] = await launch()
  const input: Record<string, object> = {
    RunInstances: { ImageId: 'default', MinCount: 1, MaxCount: 1 },
    CreateTags: { Resources: [idOf(instance)], Tags: [{ Key: 'k', Value: 'v' }] },
    TerminateInstances: { InstanceIds: [idOf(instance)] },
    DeleteKeyPair: { KeyName: 'none' },
  }
  faultsOf(cloud).inject({ kind: 'throttle' })
  const method = `${action[0]!.toLowerCase()}${action.slice(1)}` as 'describeVpcs'
  const ask = () => ec2[method]((input[action] ?? {}) as never)
  for (let count = 0; count < burst; count++) await ask()
  await expect(ask()).rejects.toMatchObject(refused('RequestLimitExceeded'))
  faultsOf(cloud).clear()
  await ask()
})

test('what was just made is not known until the delay is over', async () => {
  let now = 0
  const { ec2, cloud, launch } = testCloud({ now: () => new Date(now) })
  const [old] = await launch()
  faultsOf(cloud).inject({ kind: 'visibility', ms: 1000 })
  expect((await ec2.describeInstances({})).Reservations).toHaveLength(1)
  const { GroupId } = await ec2.createSecurityGroup({ GroupName: 'g', Description: 'd' })
  await ec2.createKeyPair({ KeyName: 'k', KeyType: 'ed25519' })
  const open = () =>
    ec2.authorizeSecurityGroupIngress({
      GroupId,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: 1, ToPort: 1, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    })
  await expect(open()).rejects.toMatchObject(refused('InvalidGroup.NotFound', GroupId))
  const input = { ImageId: 'default', MinCount: 1, MaxCount: 1 }
  await expect(ec2.runInstances({ ...input, KeyName: 'k' })).rejects.toMatchObject(refused('InvalidKeyPair.NotFound'))
  await expect(ec2.describeKeyPairs({ KeyNames: ['k'] })).rejects.toMatchObject(refused('InvalidKeyPair.NotFound'))
  const made = (await ec2.runInstances(input)).Instances![0]!
  const ids = [idOf(made)]
  await expect(ec2.describeInstances({ InstanceIds: ids })).rejects.toMatchObject(refused('InvalidInstanceID.NotFound'))
  await expect(ec2.terminateInstances({ InstanceIds: ids })).rejects.toMatchObject(
    refused('InvalidInstanceID.NotFound'),
  )
  const listed = async () =>
    (await ec2.describeInstances({ Filters: [{ Name: 'instance-id', Values: [...ids, idOf(old)] }] })).Reservations
  expect(await listed()).toHaveLength(1)
  now += 1000
  await open()
  expect(await listed()).toHaveLength(2)
  await ec2.runInstances({ ...input, KeyName: 'k' })
})

test('a slow boot waits; a terminate does not wait for it', async () => {
  const { ec2, cloud, find, settled } = testCloud()
  faultsOf(cloud).inject({ kind: 'slow-boot', ms: 600_000, times: 1 })
  const made = (await ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })).Instances![0]
  expect((await find(idOf(made))).State?.Name).toBe('pending')
  await ec2.terminateInstances({ InstanceIds: [idOf(made)] })
  await settled()
  expect((await find(idOf(made))).State?.Name).toBe('terminated')
  expect(faultsOf(cloud).list()).toEqual([])
})

test('a boot that fails ends a new instance, with the reason', async () => {
  const { cloud, launch, find } = testCloud()
  faultsOf(cloud).inject({ kind: 'boot-failure', times: 1 })
  const [made] = await launch(2)
  const states = [await find(idOf(made))]
  expect(states[0]).toMatchObject({ State: { Name: 'terminated' }, StateReason: { Code: 'Server.InternalError' } })
})

test('a node that crashes ends its instance as if it had ended by itself', async () => {
  const { cloud, engine, launch, find } = testCloud()
  faultsOf(cloud).inject({ kind: 'crash', times: 1 })
  const [made] = await launch()
  await expect.poll(async () => (await find(idOf(made))).State?.Name, { timeout: 30_000 }).toBe('stopped')
  expect(engine.nodes.get(idOf(made))?.state).toBe('stopped')
})

test('a node without ssh is booted as unreachable', async () => {
  const { cloud, engine, launch } = testCloud()
  faultsOf(cloud).inject({ kind: 'no-ssh', times: 1 })
  const made = await launch(2)
  expect(made.map((one) => engine.nodes.get(idOf(one))?.spec.unreachable ?? false).sort()).toEqual([false, true])
})

test('a disk that an earlier daemon filled and that cannot be freed is no reason not to start', async () => {
  const { cloud, engine } = testCloud()
  const stuck = () => Promise.reject(new Error('its disk is busy'))
  Object.assign(engine, { fullDisk: { fill: stuck, free: stuck, freeAll: stuck } })
  await expect(beginFaults(cloud)).resolves.toBeUndefined()
})
