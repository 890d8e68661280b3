import { setTimeout as sleep } from 'node:timers/promises'
import { EC2 } from '@aws-sdk/client-ec2'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CloudState } from '../../../src/localcloud/cloud.js'
import { reconcile, settled } from '../../../src/localcloud/ec2/index.js'
import { NullEngine } from '../../../src/localcloud/ec2/null-engine.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'
import { idsOf } from './support.js'

const ACTS = [
  'attach',
  'detach',
  'force',
  'delete',
  'snapshot',
  'grow',
  'start',
  'stop',
  'reboot',
  'terminate',
] as const

/** A daemon on an engine that outlives it. A killed one does nothing more, wherever it was. */
function daemon(engine: NullEngine, state: CloudState | undefined) {
  let alive = true
  let saved = structuredClone(state)
  const options = {
    engine: mortal(engine, () => alive),
    ...(state ? { state: structuredClone(state) } : {}),
    commit: async () => {
      if (!alive) return new Promise<never>(() => undefined)
      saved = structuredClone(cloud.state)
    },
  }
  const { cloud, clientConfig } = createInProcessCloud(options)
  return {
    cloud,
    ec2: new EC2(clientConfig),
    kill: () => {
      alive = false
      return saved
    },
  }
}

/** The engine until its user is killed; from then on calls are not answered any more. */
function mortal<T extends object>(target: T, alive: () => boolean): T {
  return new Proxy(target, {
    get(_target, name) {
      const member = Reflect.get(target, name, target) as unknown
      if (name === 'volumes' || name === 'disks') return mortal(member as object, alive)
      if (typeof member !== 'function' || name === 'onExit')
        return typeof member === 'function' ? member.bind(target) : member
      return async (...args: unknown[]) => {
        // Time to be killed in, before it is done and when it is done and not answered.
        await sleep(1)
        if (!alive()) return new Promise(() => undefined)
        const result: unknown = await member.apply(target, args)
        await sleep(1)
        return alive() ? result : new Promise(() => undefined)
      }
    },
  })
}

test('whatever is asked and however often the daemon is killed, records and volumes agree in the end', {
  timeout: 120_000,
}, async () => {
  const steps = fc.array(
    fc.record({
      act: fc.constantFrom(...ACTS, 'mount', 'unmount', 'kill'),
      volume: fc.nat(2),
      instance: fc.nat(1),
      wait: fc.boolean(),
    }),
    { maxLength: 14 },
  )
  await fc.assert(
    fc.asyncProperty(steps, async (asked) => {
      const engine = new NullEngine()
      let now = daemon(engine, undefined)
      const launched = await now.ec2.runInstances({
        ImageId: 'default',
        MinCount: 2,
        MaxCount: 2,
        BlockDeviceMappings: [{ DeviceName: '/dev/sdb', Ebs: { VolumeSize: 1, DeleteOnTermination: false } }],
      })
      const instances = idsOf(launched.Instances ?? [])
      const volumes: string[] = []
      for (const Size of [1, 2, 3]) {
        volumes.push((await now.ec2.createVolume({ AvailabilityZone: 'local-a', Size })).VolumeId ?? '')
      }
      const again = async () => {
        now = daemon(engine, now.kill())
        await reconcile(now.cloud)
      }
      for (const { act, volume, instance, wait } of asked) {
        const [VolumeId = '', InstanceId = ''] = [volumes[volume], instances[instance]]
        const { ec2 } = now
        const calls: Record<string, () => unknown> = {
          attach: () => ec2.attachVolume({ VolumeId, InstanceId, Device: `/dev/sd${'fgh'[volume]}` }),
          detach: () => ec2.detachVolume({ VolumeId }),
          force: () => ec2.detachVolume({ VolumeId, Force: true }),
          delete: () => ec2.deleteVolume({ VolumeId }),
          snapshot: () => ec2.createSnapshot({ VolumeId }),
          grow: () => ec2.modifyVolume({ VolumeId, Size: 5 }),
          start: () => ec2.startInstances({ InstanceIds: [InstanceId] }),
          stop: () => ec2.stopInstances({ InstanceIds: [InstanceId] }),
          reboot: () => ec2.rebootInstances({ InstanceIds: [InstanceId] }),
          terminate: () => ec2.terminateInstances({ InstanceIds: [InstanceId] }),
          mount: () => engine.volumes.attached.has(VolumeId) && engine.volumes.mounted.add(VolumeId),
          unmount: () => engine.volumes.mounted.delete(VolumeId),
          kill: again,
        }
        await Promise.resolve(calls[act]?.()).catch((error: Error) =>
          expect(error.name).toMatch(/^(?:Incorrect|VolumeInUse|InvalidVolume\.NotFound|InvalidParameterValue)/),
        )
        if (wait) await settled(now.cloud)
      }
      await settled(now.cloud)
      engine.volumes.mounted.clear()
      await again()
      await settled(now.cloud)
      agree(now.cloud.state, engine)
    }),
    { numRuns: 80 },
  )
})

function agree({ ec2 }: CloudState, engine: NullEngine): void {
  const records = Object.values(ec2.volumes)
  for (const { id, state, attachment, size, rootOf } of records) {
    expect(attachment ? 'in-use' : 'available').toBe(state)
    if (attachment) {
      expect(attachment.state).toBe('attached')
      const instance = ec2.instances[attachment.instanceId]
      expect(instance?.volumeIds).toContain(id)
      if (rootOf) continue
      if (instance?.state === 'running') expect(engine.volumes.attached.get(id)).toBe(instance.id)
    } else expect(engine.volumes.attached.has(id)).toBe(false)
    expect(engine.volumes.sizes.get(id)).toBe(size)
  }
  const data = records.filter(({ rootOf }) => !rootOf).map(({ id }) => id)
  expect([...engine.volumes.sizes.keys()].sort()).toEqual(data.sort())
  const taken = Object.values(ec2.snapshots)
  expect(taken.every(({ state }) => state === 'completed')).toBe(true)
  expect([...engine.volumes.snapshots].sort()).toEqual(taken.map(({ content }) => content).sort())
}
