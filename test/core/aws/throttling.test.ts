import { EC2 } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { despiteThrottling } from '../../../src/core/aws/throttling.js'
import { faultsOf } from '../../../src/localcloud/ec2/index.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'

/** A client without retries of its own, where launches beyond EC2's bucket of five are refused. */
async function throttled() {
  const { clientConfig, cloud } = createInProcessCloud()
  await faultsOf(cloud).inject({ kind: 'throttle' })
  const ec2 = new EC2(clientConfig)
  const launch = () => ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })
  return { launch, refuseNow: () => Promise.allSettled(Array.from({ length: 8 }, launch)) }
}

test('calls refused for their rate are made until they are taken', async () => {
  const { launch, refuseNow } = await throttled()
  expect((await refuseNow()).map(({ status }) => status)).toContain('rejected')
  const launched = await Promise.all(Array.from({ length: 4 }, () => despiteThrottling(launch)))
  expect(launched.flatMap(({ Instances = [] }) => Instances)).toHaveLength(4)
}, 120_000)

test('an abort ends the wait; any other refusal is told at once', async () => {
  const { launch, refuseNow } = await throttled()
  await refuseNow()
  const reason = new Error('Ctrl-C')
  await expect(despiteThrottling(launch, AbortSignal.abort(reason))).rejects.toMatchObject({ cause: reason })
  const { clientConfig } = createInProcessCloud()
  const unknown = () => new EC2(clientConfig).terminateInstances({ InstanceIds: ['i-0123456789abcdef0'] })
  await expect(despiteThrottling(unknown)).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' })
})
