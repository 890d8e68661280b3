import { EC2 } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { settled } from '../../../src/localcloud/ec2/index.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'

test('a launched instance is pending in the answer and running once its node has booted', async () => {
  const { cloud, clientConfig } = createInProcessCloud()
  const ec2 = new EC2(clientConfig)
  const { Instances = [], ReservationId } = await ec2.runInstances({ ImageId: 'default', MinCount: 2, MaxCount: 2 })
  expect(Instances.map((instance) => instance.State)).toEqual([
    { Code: 0, Name: 'pending' },
    { Code: 0, Name: 'pending' },
  ])
  await settled(cloud)
  const { Reservations = [] } = await ec2.describeInstances({})
  expect(Reservations).toHaveLength(1)
  expect(Reservations[0]?.ReservationId).toBe(ReservationId)
  expect(Reservations[0]?.Instances?.map((instance) => instance.State?.Name)).toEqual(['running', 'running'])
  expect(Reservations[0]?.Instances?.map((instance) => instance.AmiLaunchIndex)).toEqual([0, 1])
})
