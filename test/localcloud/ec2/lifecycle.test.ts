import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closeLifecycle, reconcile } from '../../../src/localcloud/ec2/index.js'
import { idOf, idsOf, refused, testCloud } from './support.js'

const HOUR = 3_600_000

type Ids = { InstanceIds: string[]; DryRun: boolean }

test('stop, start and reboot keep the node, its private address and its disk', async () => {
  const { ec2, launch, find, settled, engine } = testCloud()
  const id = idOf((await launch())[0])
  const before = await find(id)
  const stop = await ec2.stopInstances({ InstanceIds: [id] })
  expect(stop.StoppingInstances).toEqual([
    { InstanceId: id, PreviousState: { Code: 16, Name: 'running' }, CurrentState: { Code: 64, Name: 'stopping' } },
  ])
  await settled()
  const stopped = await find(id)
  expect(stopped).toMatchObject({
    State: { Code: 80, Name: 'stopped' },
    PrivateIpAddress: before.PrivateIpAddress,
    StateReason: { Code: 'Client.UserInitiatedShutdown' },
  })
  expect(stopped.PublicIpAddress).toBeUndefined()
  expect(stopped.StateTransitionReason).toMatch(/^User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)$/)
  await ec2.startInstances({ InstanceIds: [id] })
  await settled()
  expect(await find(id)).toMatchObject({ State: { Name: 'running' }, PrivateIpAddress: before.PrivateIpAddress })
  expect((await find(id)).StateReason).toBeUndefined()
  await ec2.rebootInstances({ InstanceIds: [id] })
  expect((await find(id)).State?.Name).toBe('running')
  await settled()
  expect(engine.nodes.get(id)).toMatchObject({ state: 'running', boots: 3 })
})

test('a terminated instance gives everything back, stays visible for an hour, then is forgotten', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const { ec2, launch, find, settled, engine } = testCloud({ now: () => new Date(now) })
  const id = idOf((await launch())[0])
  const answer = await ec2.terminateInstances({ InstanceIds: [id] })
  expect(answer.TerminatingInstances?.[0]?.CurrentState).toEqual({ Code: 32, Name: 'shutting-down' })
  await settled()
  const gone = await find(id)
  expect(gone).toMatchObject({ State: { Code: 48, Name: 'terminated' }, SecurityGroups: [] })
  expect(gone.PrivateIpAddress).toBeUndefined()
  expect(engine.nodes.size).toBe(0)
  const again = await ec2.terminateInstances({ InstanceIds: [id] })
  expect(again.TerminatingInstances?.[0]).toMatchObject({
    PreviousState: { Name: 'terminated' },
    CurrentState: { Name: 'terminated' },
  })
  now += HOUR + 60_001
  await expect(find(id)).rejects.toMatchObject(refused('InvalidInstanceID.NotFound', id))
})

test('illegal moves are refused with EC2 codes, all or none', async () => {
  const { ec2, launch, settled, find } = testCloud()
  const [a, b] = idsOf(await launch(2)) as [string, string]
  await ec2.stopInstances({ InstanceIds: [a] })
  await settled()
  await expect(ec2.rebootInstances({ InstanceIds: [b, a] })).rejects.toMatchObject(refused('IncorrectState', a))
  await ec2.terminateInstances({ InstanceIds: [a] })
  await settled()
  await expect(ec2.startInstances({ InstanceIds: [a] })).rejects.toMatchObject(refused('IncorrectInstanceState', a))
  await expect(ec2.stopInstances({ InstanceIds: [b, a] })).rejects.toMatchObject(refused('IncorrectInstanceState', a))
  expect((await find(b)).State?.Name).toBe('running')
  const acts = [
    (input: Ids) => ec2.startInstances(input),
    (input: Ids) => ec2.stopInstances(input),
    (input: Ids) => ec2.terminateInstances(input),
    (input: Ids) => ec2.rebootInstances(input),
  ]
  for (const act of acts) {
    const call = async (InstanceIds: string[], DryRun = false) => act({ InstanceIds, DryRun })
    await expect(call(['i-nonsense'])).rejects.toMatchObject(refused('InvalidInstanceID.Malformed', 'i-nonsense'))
    await expect(call(['i-0123456789abcdef0'])).rejects.toMatchObject(refused('InvalidInstanceID.NotFound'))
    await expect(call([b], true)).rejects.toMatchObject(refused('DryRunOperation'))
  }
  expect((await find(b)).State?.Name).toBe('running')
})

test('protection against termination and stopping holds until it is taken away', async () => {
  const { ec2, launch } = testCloud()
  const id = idOf((await launch(1, { DisableApiTermination: true }))[0])
  await expect(ec2.terminateInstances({ InstanceIds: [id] })).rejects.toMatchObject(
    refused('OperationNotPermitted', id),
  )
  await ec2.modifyInstanceAttribute({ InstanceId: id, DisableApiTermination: { Value: false } })
  await ec2.modifyInstanceAttribute({ InstanceId: id, DisableApiStop: { Value: true } })
  await expect(ec2.stopInstances({ InstanceIds: [id] })).rejects.toMatchObject(refused('OperationNotPermitted', id))
  await ec2.terminateInstances({ InstanceIds: [id] })
})

test('a first boot that fails ends the instance and says why', async () => {
  const { launch, find, engine } = testCloud({
    hook: (operation) => {
      if (operation === 'boot') throw new Error('no space left on the disk')
    },
  })
  const id = idOf((await launch())[0])
  expect(await find(id)).toMatchObject({
    State: { Name: 'terminated' },
    StateReason: { Code: 'Server.InternalError', Message: 'Server.InternalError: no space left on the disk' },
  })
  expect(engine.nodes.size).toBe(0)
})

test('a later boot that fails leaves the instance stopped, with its disk', async () => {
  let broken = false
  const { ec2, launch, find, settled, engine } = testCloud({
    hook: (operation) => {
      if (operation === 'boot' && broken) throw new Error('no bridge')
    },
  })
  const id = idOf((await launch())[0])
  await ec2.stopInstances({ InstanceIds: [id] })
  await settled()
  broken = true
  await ec2.startInstances({ InstanceIds: [id] })
  await settled()
  expect(await find(id)).toMatchObject({ State: { Name: 'stopped' }, StateReason: { Code: 'Server.InternalError' } })
  expect(engine.nodes.has(id)).toBe(true)
})

test('an instance terminated while it boots ends; one never booted cannot be stopped', async () => {
  let letBoot: () => void = () => undefined
  const mayBoot = new Promise<void>((resolve) => (letBoot = resolve))
  const { ec2, find, settled, engine } = testCloud({
    hook: (operation) => (operation === 'boot' ? mayBoot : undefined),
  })
  const { Instances } = await ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })
  const id = idOf(Instances?.[0])
  await expect(ec2.stopInstances({ InstanceIds: [id] })).rejects.toMatchObject(
    refused('IncorrectInstanceState', 'never reached'),
  )
  await ec2.terminateInstances({ InstanceIds: [id] })
  letBoot()
  await settled()
  expect((await find(id)).State?.Name).toBe('terminated')
  expect(engine.nodes.size).toBe(0)
})

test.each([
  ['stop', 'stopped'],
  ['terminate', 'terminated'],
])('poweroff inside with behaviour %s leaves the instance %s', async (behavior, state) => {
  const { launch, find, engine } = testCloud()
  const id = idOf((await launch(1, { InstanceInitiatedShutdownBehavior: behavior }))[0])
  engine.powerOff(id)
  await expect.poll(async () => (await find(id)).State?.Name, { timeout: 30_000 }).toBe(state)
  expect((await find(id)).StateReason?.Code).toBe('Client.InstanceInitiatedShutdown')
})

test('termination protection holds until it is lifted, but not for a shutdown from inside', async () => {
  const { ec2, launch, find, engine } = testCloud()
  const [id = '', other = ''] = (
    await launch(2, { DisableApiTermination: true, InstanceInitiatedShutdownBehavior: 'terminate' })
  ).map(idOf)
  const message = `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`
  await expect(ec2.terminateInstances({ InstanceIds: [id] })).rejects.toMatchObject(
    refused('OperationNotPermitted', message),
  )
  const attribute = await ec2.describeInstanceAttribute({ InstanceId: id, Attribute: 'disableApiTermination' })
  expect(attribute.DisableApiTermination).toEqual({ Value: true })
  await ec2.modifyInstanceAttribute({ InstanceId: id, DisableApiTermination: { Value: false } })
  await ec2.terminateInstances({ InstanceIds: [id] })
  engine.powerOff(other)
  await expect.poll(async () => (await find(other)).State?.Name, { timeout: 30_000 }).toBe('terminated')
})

test('a stop that fails is tried by force, and again at the next request', async () => {
  let failures = 2
  const { ec2, launch, find, settled } = testCloud({
    hook: (operation) => {
      if (operation === 'stop' && failures-- > 0) throw new Error('stuck')
    },
  })
  const id = idOf((await launch())[0])
  await ec2.stopInstances({ InstanceIds: [id] })
  await settled()
  expect((await find(id)).State?.Name).toBe('stopping')
  await ec2.stopInstances({ InstanceIds: [id] })
  await settled()
  expect((await find(id)).State?.Name).toBe('stopped')
})

test('after a restart state and nodes agree: nothing lost, nothing doubled', async () => {
  const first = testCloud()
  const ids = idsOf(await first.launch(6)) as [string, string, string, string, string, string]
  const [running, dead, pending, ending, stopping, lost] = ids
  await closeLifecycle(first.cloud)
  const { instances } = first.cloud.state.ec2
  const nodes = first.engine.nodes
  const spec = nodes.get(running)?.spec
  ;(nodes.get(dead) as { state: string }).state = 'stopped'
  nodes.delete(pending)
  nodes.delete(lost)
  Object.assign(instances[pending] ?? {}, { state: 'pending', hasRun: false })
  Object.assign(instances[ending] ?? {}, { state: 'shutting-down' })
  Object.assign(instances[stopping] ?? {}, { state: 'stopping' })
  const saved = JSON.parse(JSON.stringify(first.cloud.state))

  const second = testCloud({ state: saved })
  for (const [id, node] of nodes) second.engine.nodes.set(id, { ...node })
  second.engine.nodes.set('i-0000000000000dead', { state: 'running', spec: spec as never, boots: 1, console: '' })
  await reconcile(second.cloud)
  await second.settled()
  const states = await Promise.all(ids.map(async (id) => (await second.find(id)).State?.Name))
  expect(states).toEqual(['running', 'stopped', 'running', 'terminated', 'stopped', 'stopped'])
  expect((await second.find(dead)).StateReason?.Message).toContain('its node had ended')
  expect((await second.find(lost)).StateReason?.Message).toContain('gone')
  expect(second.engine.nodes.get(running)?.boots).toBe(1)
  expect([...second.engine.nodes.keys()].sort()).toEqual([running, dead, pending, stopping].sort())
})

test('closing during a boot leaves the instance pending; the next daemon boots it', async () => {
  let fail: (error: Error) => void = () => undefined
  const boot = new Promise<void>((_resolve, reject) => (fail = reject))
  boot.catch(() => undefined)
  const first = testCloud({ hook: (operation) => (operation === 'boot' ? boot : undefined) })
  const { Instances } = await first.ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })
  const closing = closeLifecycle(first.cloud)
  fail(new Error('the engine is closed'))
  await closing
  const second = testCloud({ state: JSON.parse(JSON.stringify(first.cloud.state)) })
  expect((await second.find(idOf(Instances?.[0]))).State?.Name).toBe('pending')
  await reconcile(second.cloud)
  await second.settled()
  expect((await second.find(idOf(Instances?.[0]))).State?.Name).toBe('running')
})

test('whatever is asked, in any order, instances and nodes agree in the end', { timeout: 120_000 }, async () => {
  const acts = fc.array(
    fc.record({ act: fc.constantFrom('start', 'stop', 'terminate', 'reboot', 'poweroff'), wait: fc.boolean() }),
    { maxLength: 8 },
  )
  await fc.assert(
    fc.asyncProperty(acts, async (steps) => {
      const { ec2, launch, find, settled, engine } = testCloud()
      const id = idOf((await launch())[0])
      for (const { act, wait } of steps) {
        const InstanceIds = [id]
        const calls = {
          start: () => ec2.startInstances({ InstanceIds }),
          stop: () => ec2.stopInstances({ InstanceIds }),
          terminate: () => ec2.terminateInstances({ InstanceIds }),
          reboot: () => ec2.rebootInstances({ InstanceIds }),
          poweroff: async () => engine.powerOff(id),
        }
        await calls[act as keyof typeof calls]().catch((error: Error) => expect(error.name).toMatch(/^Incorrect/))
        if (wait) await settled()
      }
      await settled()
      await new Promise((resolve) => setImmediate(resolve))
      await settled()
      const { State, PublicIpAddress } = await find(id)
      const node = engine.nodes.get(id)?.state
      expect(State?.Name === 'terminated' ? undefined : State?.Name).toBe(node)
      expect(['running', 'stopped', 'terminated']).toContain(State?.Name)
      expect(PublicIpAddress === undefined).toBe(State?.Name !== 'running')
    }),
    { numRuns: 60 },
  )
})
