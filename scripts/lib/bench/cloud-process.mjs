// Measures the in-process cloud and prints its figures as JSON. Run with tsx.
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { EC2 } from '@aws-sdk/client-ec2'
import { describeInstances } from '../../../src/core/aws/instances.ts'
import { createInProcessCloud } from '../../../src/localcloud/in-process.ts'
import { median, seconds, times } from './measure.mjs'

/** Time within the cloud's own handler, without the SDK around it. */
let handling = 0
const start = async (count) => {
  const made = createInProcessCloud()
  const { requestHandler } = made
  const timed = {
    ...requestHandler,
    handle: async (request) => {
      const begun = performance.now()
      const answer = await requestHandler.handle(request)
      handling = performance.now() - begun
      return answer
    },
  }
  const ec2 = new EC2({ ...made.clientConfig, requestHandler: timed })
  // In parts, so that what is measured is the listing, not one answer with everything that was launched.
  for (let left = count; left > 0; left -= 500) {
    const next = Math.min(left, 500)
    await ec2.runInstances({ ImageId: 'default', MinCount: next, MaxCount: next })
  }
  return ec2
}

const small = await start(2)
const inHandler = []
const clientMs = median(
  await times(300, async () => {
    await small.describeInstances({})
    inHandler.push(handling)
  }),
)
const handlerMs = median(inHandler.sort((a, b) => a - b))

const large = await start(10_000)
globalThis.gc()
let listed
const listSeconds = await seconds(async () => {
  listed = (await describeInstances(large, [])).length
})
const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
const pageSeconds = await seconds(async () => {
  listed += (await large.describeInstances({})).Reservations.flatMap((reservation) => reservation.Instances).length
})
if (listed !== 20_000) throw new Error(`${listed} instances were listed, not twice 10,000`)
console.log(JSON.stringify({ handlerMs, clientMs, listSeconds, pageSeconds, peakMiB }))
