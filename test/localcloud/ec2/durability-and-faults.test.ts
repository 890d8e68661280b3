import { expect, test } from 'vitest'
import { faultsOf } from '../../../src/localcloud/ec2/index.js'
import { refused, testCloud } from './support.js'

test('a launch is answered, and its node booted, only when the state is on disk', async () => {
  const events: string[] = []
  let onDisk: () => void = () => undefined
  const disk = new Promise<void>((resolve) => (onDisk = resolve))
  const { ec2, settled, cloud } = testCloud({
    commit: async () => {
      events.push('commit')
      await disk
    },
    hook: (operation) => void events.push(operation),
  })
  const answer = ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 }).then(() => events.push('answer'))
  await expect.poll(() => events.length, { timeout: 30_000 }).toBe(1)
  await ec2.describeInstances({}) // a read need not wait
  expect(events).toEqual(['commit'])
  expect(Object.values(cloud.state.ec2.instances)).toMatchObject([{ state: 'pending' }])
  onDisk()
  await answer
  await settled()
  expect(events[0]).toBe('commit')
  expect(events.filter((event) => event !== 'commit').sort()).toEqual(['answer', 'boot'])
})

test('a launch that cannot be saved is an error and boots nothing', async () => {
  const { ec2, engine } = testCloud({ commit: () => Promise.reject(new Error('disk full')) })
  await expect(ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })).rejects.toThrow('disk full')
  expect(engine.nodes.size).toBe(0)
})

test('the state is plain JSON', async () => {
  const { ec2, launch, cloud } = testCloud()
  await ec2.createKeyPair({ KeyName: 'k', KeyType: 'ed25519' })
  await launch(2, { KeyName: 'k', ClientToken: '__proto__' })
  expect(JSON.parse(JSON.stringify(cloud.state))).toEqual(cloud.state)
})

test('capacity that is lacking is told as EC2 tells it, as often as asked', async () => {
  const { ec2, cloud, launch } = testCloud()
  faultsOf(cloud).inject({ kind: 'capacity', zone: 'local-b', times: 1 })
  const input = { Placement: { AvailabilityZone: 'local-b' } }
  await launch()
  await expect(launch(1, input)).rejects.toMatchObject(refused('InsufficientInstanceCapacity', 'local-b'))
  await launch(1, input)
  expect((await ec2.describeInstances({})).Reservations).toHaveLength(2)
})

test('with throttling on, buckets run dry and fill again', async () => {
  let now = 0
  const { ec2, cloud } = testCloud({ now: () => new Date(now) })
  faultsOf(cloud).inject({ kind: 'throttle' })
  const listing = { Filters: [{ Name: 'instance-state-name', Values: ['running'] }] }
  for (let index = 0; index < 50; index++) await ec2.describeInstances({})
  const over = ec2.describeInstances({})
  await expect(over).rejects.toMatchObject({ ...refused('RequestLimitExceeded'), $metadata: { httpStatusCode: 503 } })
  await ec2.describeInstances(listing) // another bucket
  now += 100
  await ec2.describeInstances({})
  await expect(ec2.describeInstances({})).rejects.toMatchObject(refused('RequestLimitExceeded'))
})
