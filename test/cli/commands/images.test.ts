import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../../src/core/wait.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { runCommand } from '../../support/run-command.js'

let sc: InProcess
let instance = ''
const run = (...argv: string[]) => runCommand(sc, argv)
const idIn = (text: string) => /ami-\w+/.exec(text)?.[0] ?? ''
const look = async (id: string) => (await sc.aws.ec2.describeImages({ ImageIds: [id] })).Images?.[0]
const snapshots = async () => ((await sc.aws.ec2.describeSnapshots({ OwnerIds: ['self'] })).Snapshots ?? []).length

beforeAll(async () => {
  sc = await inProcessManager()
  const { Instances } = await sc.aws.ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })
  instance = Instances?.[0]?.InstanceId ?? ''
  const running = async () =>
    (await sc.aws.ec2.describeInstances({ InstanceIds: [instance] })).Reservations?.[0]?.Instances?.[0]?.State?.Name ===
    'running'
  await waitFor('it to run', running, { timeoutMs: 20_000, intervalMs: 20 })
})
afterAll(() => sc?.close())

test('ebsimage waits until the image can be used, and says how', async () => {
  const { status, stdout } = await run('ebsimage', instance, 'tools 1', '-d', 'with tools', '--no-reboot')
  const id = idIn(stdout)
  expect(status).toBe(0)
  expect(stdout).toBe(`${id}  tools 1\nTo start a cluster from it: starcluster start TAG -m ${id} -n ${id}\n`)
  expect(await look(id)).toMatchObject({
    Name: 'tools 1',
    Description: 'with tools',
    State: 'available',
    SourceInstanceId: instance,
  })
})

test('--no-wait ends while it is pending', async () => {
  const { stdout } = await run('eimg', instance, 'later', '--no-wait')
  expect(stdout).toContain('EC2 is making it; see how it is with: starcluster listimages')
  await waitFor('it', async () => (await look(idIn(stdout)))?.State === 'available', {
    timeoutMs: 20_000,
    intervalMs: 20,
  })
})

test.each([
  ['a name that is taken', () => [instance, 'tools 1'], 'another of your images is called tools 1'],
  ['a name that EC2 does not take', () => [instance, 'a:b'], '"a:b" cannot be the name of an image'],
  ['an instance that does not exist', () => [`${instance.slice(0, -1)}g`, 'other'], `(did you mean `],
])('ebsimage refuses %s', async (_, words, message) => {
  expect(await run('ebsimage', ...words())).toMatchObject({ status: 1, stderr: expect.stringContaining(message) })
})

test('an image that EC2 cannot make is told with the reason', async () => {
  const failing = await inProcessManager()
  try {
    const { Instances } = await failing.aws.ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })
    const id = Instances?.[0]?.InstanceId ?? ''
    const state = async () =>
      (await failing.aws.ec2.describeInstances({ InstanceIds: [id] })).Reservations?.[0]?.Instances?.[0]?.State?.Name
    await waitFor('it to run', async () => (await state()) === 'running', { timeoutMs: 20_000, intervalMs: 20 })
    failing.wire.refuse = (form) => {
      if (form.get('Action') !== 'DescribeImages') return undefined
      for (const image of Object.values(failing.cloud.state.ec2.images)) {
        if (image.sourceInstanceId === id)
          Object.assign(image, { state: 'failed', stateReason: { code: 'x', message: 'no room left' } })
      }
      return undefined
    }
    expect(await runCommand(failing, ['ebsimage', id, 'broken'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^EC2 could not make image ami-\w+ in region local: no room left\nremove what is left of it: starcluster removeimage ami-/,
      ),
    })
  } finally {
    await failing.close()
  }
})

test('interrupted while it waits: EC2 goes on, and how to see it is said', async () => {
  const interrupt = new AbortController()
  sc.wire.refuse = (form) => {
    if (form.get('Action') === 'DescribeImages') interrupt.abort(new Error('interrupted'))
    return undefined
  }
  const { status, stderr } = await runCommand(sc, ['ebsimage', instance, 'left'], interrupt.signal)
  sc.wire.refuse = () => undefined
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /^the wait for image ami-\w+ in region local to be available was interrupted\nEC2 goes on with it/,
  )
  await waitFor('it', async () => (await run('listimages')).stdout.includes(' left '), {
    timeoutMs: 20_000,
    intervalMs: 20,
  })
  expect(await run('removeimage', '-c', 'left')).toMatchObject({ status: 0 })
})

test('copyimage: beside itself under another name, with its tags', async () => {
  const id = (await run('listimages', '-q')).stdout.split('\n').at(-2) ?? ''
  await sc.aws.ec2.createTags({ Resources: [id], Tags: [{ Key: 'team', Value: 'red' }] })
  const { status, stdout } = await run('copyimage', 'tools 1', 'local', '--name', 'copy')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^local {2}ami-\w+\n$/)
  expect(await look(idIn(stdout))).toMatchObject({
    Name: 'copy',
    Description: 'with tools',
    Tags: [{ Key: 'team', Value: 'red' }],
  })
  expect(await run('copyimage', 'tools 1', 'local')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('another of your images is called tools 1'),
  })
  expect(await run('copyimage', 'tool 1', 'local')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('did you mean tools 1?'),
  })
  expect(await run('copyimage', 'tools 1')).toMatchObject({ status: 2 })
})

test('removeimage tells what goes, refuses where nobody can be asked, and takes the snapshots along', async () => {
  const before = await snapshots()
  const pretended = await run('removeimage', '-p', 'copy', 'later')
  expect(pretended).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Image ami-\w+ \(copy\) with snap-\w+\nImage ami-\w+ \(later\) with snap-\w+\n$/),
  })
  expect(await run('removeimage', 'copy')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('Remove it? Not asked: there is no terminal.'),
  })
  expect(await snapshots()).toBe(before)
  expect(await run('ri', '-c', 'copy')).toMatchObject({ status: 0 })
  expect(await snapshots()).toBe(before - 1)
  expect(await run('removeimage', '-c', '-k', 'later')).toMatchObject({ status: 0 })
  expect(await snapshots()).toBe(before - 1)
  expect((await run('listimages')).stdout).toMatch(/Total: 1\n$/)
})

test("removeimage of what is not one's own names the nearest", async () => {
  expect(await run('removeimage', '-c', 'tools')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('did you mean tools 1?'),
  })
  expect(await run('removeimage', '-c', 'debian-12')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('none of your own images'),
  })
})
