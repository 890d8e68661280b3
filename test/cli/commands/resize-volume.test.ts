import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../../src/core/wait.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { runCommand } from '../../support/run-command.js'

/** What needs no node; the growth of a file system is in test/e2e/single-resources.test.ts. */
let sc: InProcess
let id = ''
const run = (...argv: string[]) => runCommand(sc, argv)
const size = async () => (await sc.aws.ec2.describeVolumes({ VolumeIds: [id] })).Volumes?.[0]?.Size

beforeAll(async () => {
  sc = await inProcessManager()
  const { stdout } = await run('createvolume', '2', 'local-a', '-n', 'data')
  id = /^vol-\w+/.exec(stdout)?.[0] ?? ''
})
afterAll(() => sc?.close())

test('a volume that no node has grows, and it is said when its file system will', async () => {
  const { status, stdout } = await run('resizevolume', 'data', '5')
  expect(status).toBe(0)
  expect(stdout).toBe(
    `${id}  2 GiB -> 5 GiB\nnot grown: no node has it now: its file system grows when you run this again while one has: starcluster resizevolume ${id} 5\n`,
  )
  expect(await size()).toBe(5)
})

test('of the size it has it is not modified', async () => {
  const asked: (string | null)[] = []
  sc.wire.refuse = (form) => {
    asked.push(form.get('Action'))
    return undefined
  }
  expect((await run('res', id, '5')).stdout).toContain(`${id}  5 GiB, as before\n`)
  sc.wire.refuse = () => undefined
  expect(asked).not.toContain('ModifyVolume')
})

test.each([
  [['data', '4'], 1, /has 5 GiB and cannot be made smaller\nmake a smaller one in local-a/],
  [['dota', '9'], 1, /^volume dota does not exist in region local \(did you mean data\?\)/],
  [['data', '9.5'], 2, /not a positive whole number/],
  [['data'], 2, /missing required argument 'size'/],
])('%j: exit status %i', async (argv, status, message) => {
  expect(await run('resizevolume', ...argv)).toMatchObject({ status, stderr: expect.stringMatching(message) })
  expect(await size()).toBe(5)
})

test('a modification that EC2 does not take yet: what it says, and to try again later', async () => {
  sc.wire.refuse = (form) => (form.get('Action') === 'ModifyVolume' ? 'VolumeModificationRateExceeded' : undefined)
  expect(await run('resizevolume', 'data', '6')).toMatchObject({
    status: 1,
    stderr: `volume ${id} cannot be grown now: no\nwait until its last modification is complete, some hours on AWS, and try again`,
  })
  sc.wire.refuse = () => undefined
})

test('a modification that fails is told with the reason', async () => {
  sc.wire.refuse = (form) => {
    const { modification } = sc.cloud.state.ec2.volumes[id]!
    if (form.get('Action') === 'DescribeVolumesModifications')
      Object.assign(modification!, { state: 'failed', message: 'no room' })
    return undefined
  }
  expect(await run('resizevolume', 'data', '7')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('did not grow: no room'),
  })
  sc.wire.refuse = () => undefined
})

test('one that an instance of no cluster has is to be grown there by hand', async () => {
  const { Instances } = await sc.aws.ec2.runInstances({
    ...{ ImageId: 'default', MinCount: 1, MaxCount: 1, Placement: { AvailabilityZone: 'local-a' } },
  })
  const InstanceId = Instances?.[0]?.InstanceId ?? ''
  const state = async () =>
    (await sc.aws.ec2.describeInstances({ InstanceIds: [InstanceId] })).Reservations?.[0]?.Instances?.[0]?.State?.Name
  await waitFor('it to run', async () => (await state()) === 'running', { timeoutMs: 20_000, intervalMs: 20 })
  const other = /^vol-\w+/.exec((await run('createvolume', '1', 'local-a')).stdout)?.[0] ?? ''
  await sc.aws.ec2.attachVolume({ VolumeId: other, InstanceId, Device: '/dev/sdf' })
  const attached = async () =>
    (await sc.aws.ec2.describeVolumes({ VolumeIds: [other] })).Volumes?.[0]?.Attachments?.[0]?.State === 'attached'
  await waitFor('it to be attached', attached, { timeoutMs: 20_000, intervalMs: 20 })
  expect((await run('resizevolume', other, '2')).stdout).toContain(
    `not grown: ${InstanceId}, which has it, is of no cluster`,
  )
})
