import type { Cloud } from '../../cloud.js'
import { LocalCloudError } from '../../local-error.js'
import type { DiskSnapshot } from '../../nodes/node-disks.js'
import { own } from '../resource-ids.js'
import type { InstanceRecord } from '../state.js'
import { lifecycleOf } from './lifecycle.js'

/** What can be asked for the disks of a set of instances. StarCluster's own: AWS has nothing like it. */
export type DiskAct =
  | { readonly act: 'snapshot' | 'rollback' | 'forget'; readonly ids: readonly string[]; readonly name: string }
  | { readonly act: 'list'; readonly ids: readonly string[] }

/**
 * Does it for all of the instances, which stay as they are for EC2. Running ones are stopped and started for a snapshot
 * and a rollback, the first one before the others: it is what they mount from.
 *
 * @returns the snapshots that all of the instances have now, oldest first
 * @throws LocalCloudError before anything is changed, when one of them cannot take part
 */
export async function diskAct(request: DiskAct, cloud: Cloud): Promise<DiskSnapshot[]> {
  const instances = request.ids.map((id) => requireInstance(cloud, id))
  if (instances.length === 0) throw new LocalCloudError('NoMachines', 'no machines were named')
  if (request.act === 'list') return common(cloud, instances)
  const { act, name } = request
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    const message = `${JSON.stringify(name)} cannot be a snapshot's name: letters, digits, '.', '_' and '-', at most 64`
    throw new LocalCloudError('BadSnapshotName', message)
  }
  const ids = instances.map(({ id }) => id)
  return lifecycleOf(cloud).alone(ids, async () => {
    await check(cloud, instances, act, name)
    if (act === 'forget') for (const id of ids) await forget(cloud, id, name)
    else await whileStopped(cloud, instances, (id) => cloud.engine.disks[act](id, name))
    return common(cloud, instances)
  })
}

function requireInstance(cloud: Cloud, id: string): InstanceRecord {
  const instance = own(cloud.state.ec2.instances, id)
  if (instance) return instance
  throw new LocalCloudError('NoSuchMachine', `there is no machine ${id}`)
}

async function check(cloud: Cloud, instances: readonly InstanceRecord[], act: string, name: string): Promise<void> {
  const { disks } = cloud.engine
  const busy = instances.filter(({ state }) => state !== 'running' && state !== 'stopped')
  if (busy.length > 0) {
    const which = busy.map(({ id, state }) => `${id} is ${state}`).join(', ')
    throw new LocalCloudError('MachinesBusy', `machines must run or be stopped: ${which}`, {
      hint: 'try again when they have come to rest',
    })
  }
  const lists = await Promise.all(instances.map(({ id }) => disks.snapshots(id)))
  const without = instances.filter((_, at) => !lists[at]?.some((one) => one.name === name))
  if (act === 'snapshot' && without.length < instances.length) {
    throw new LocalCloudError('SnapshotExists', `there is a snapshot ${name} already`, {
      hint: 'choose another name, or forget that one with `starcluster snapshots CLUSTER --remove NAME`',
    })
  }
  const lacking = act === 'rollback' ? without.length > 0 : act === 'forget' && without.length === instances.length
  if (!lacking) return
  const names = (await common(cloud, instances)).map((one) => one.name).join(', ')
  const whose = without.length < instances.length ? ` of ${without.map(({ id }) => id).join(', ')}` : ''
  throw new LocalCloudError('SnapshotDoesNotExist', `there is no snapshot ${name}${whose}`, {
    hint: names ? `there are: ${names}` : 'make one with `starcluster snapshot CLUSTER NAME`',
  })
}

async function forget(cloud: Cloud, id: string, name: string): Promise<void> {
  const { disks } = cloud.engine
  if ((await disks.snapshots(id)).some((one) => one.name === name)) await disks.forget(id, name)
}

/** All disks are let go before one is touched: machines have directories of each other mounted. */
async function whileStopped(
  cloud: Cloud,
  instances: readonly InstanceRecord[],
  act: (id: string) => Promise<void>,
): Promise<void> {
  const { engine } = cloud
  const running = instances.filter(({ state }) => state === 'running')
  for (const instance of running) instance.rebootRequested = true // a cloud that ends now starts them again
  await cloud.commit()
  try {
    await all(running, ({ id }) => engine.stop(id).catch(() => engine.stop(id, { force: true })))
    await all(instances, ({ id }) => act(id))
  } finally {
    const lifecycle = lifecycleOf(cloud)
    const [first, ...others] = running
    const started = first ? [await settle(lifecycle.bootAgain(first))] : []
    started.push(...(await Promise.all(others.map((instance) => settle(lifecycle.bootAgain(instance))))))
    await cloud.commit()
    raise(started)
  }
  await all(running, async ({ id }) => {
    if (!(await engine.sharesMounted(id))) cloud.log.warn(`machine ${id} has not mounted its NFS shares again`)
  })
}

/** Waits for all of them; then the first failure. */
async function all<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  raise(await Promise.allSettled(items.map(act)))
}

const settle = async (work: Promise<void>) => (await Promise.allSettled([work]))[0]

function raise(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function common(cloud: Cloud, instances: readonly InstanceRecord[]): Promise<DiskSnapshot[]> {
  const [first = [], ...others] = await Promise.all(instances.map(({ id }) => cloud.engine.disks.snapshots(id)))
  return first.filter(({ name }) => others.every((list) => list.some((one) => one.name === name)))
}
