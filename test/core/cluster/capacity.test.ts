import type { EC2, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { EC2ServiceException } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { faultsOf } from '../../../src/localcloud/ec2/index.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'

// What a start does where EC2 lacks capacity, as the settings of its template say.

let on: InProcess

beforeEach(async () => {
  on = await inProcessManager()
})
afterEach(() => on.close())

const lacks = (type: string, zone?: string) =>
  faultsOf(on.cloud).inject({ kind: 'capacity', type, ...(zone ? { zone } : {}) })

/** Of the living instances: alias range, type, zone and market, in launch order. */
async function launched() {
  const { Reservations = [] } = await on.aws.ec2.describeInstances({})
  return Reservations.flatMap(({ Instances = [] }) => Instances)
    .filter(({ State }) => State?.Name !== 'terminated' && State?.Name !== 'shutting-down')
    .map(({ InstanceType, Placement, InstanceLifecycle, Tags }) => {
      const aliases = Tags?.find(({ Key }) => Key === 'starcluster:aliases')?.Value
      return [aliases, InstanceType, Placement?.AvailabilityZone, InstanceLifecycle ?? 'on-demand'].join(' ')
    })
    .sort()
}

async function start(lines: string, cm = on.cm) {
  await on.home.write('.starclusterrc', `[cluster t]\ncluster_size = 3\navailability_zone = local-a\n${lines}\n`)
  return cm.startCluster('c', { createOnly: true, template: 't' })
}

const told = () => on.log.filter((line) => line.includes('capacity'))

const refusal = (name: string) =>
  new EC2ServiceException({ name, $fault: 'server', $metadata: {}, message: `no ${name}` })

/** A cloud that launches only what `refuse` finds no error for. */
function refusing(refuse: (input: RunInstancesCommandInput) => string | undefined) {
  const asked: RunInstancesCommandInput[] = []
  const ec2 = new Proxy(on.aws.ec2, {
    get: (target, property: keyof EC2) => {
      const method = Reflect.get(target, property)
      if (property !== 'runInstances' || typeof method !== 'function') return method
      return async (input: RunInstancesCommandInput, ...rest: unknown[]) => {
        // Whether it may launch is another question.
        if (input.DryRun) return (method as (...all: unknown[]) => unknown)(input, ...rest)
        asked.push(input)
        const name = refuse(input)
        if (name) throw refusal(name)
        // A cloud with room for no more than it must give.
        return (method as (...all: unknown[]) => unknown)({ ...input, MaxCount: input.MinCount }, ...rest)
      }
    },
  })
  return { cm: new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } }), asked }
}

test('the next zone comes before the next type; each refusal is told', async () => {
  await lacks('t3.small', 'local-a')
  await start('fallback_zones = local-b\nfallback_instance_types = t3.medium')
  expect(await launched()).toEqual(Array(3).fill('master,node001-node002 t3.small local-b on-demand'))
  expect(told()).toEqual([
    expect.stringMatching(
      /no capacity for 3 t3\.small in zone local-a: .*sufficient t3\.small capacity.*; trying 3 t3\.small in zone local-b/,
    ),
  ])
}, 60_000)

test('the next type is tried from the first zone on; one that is named twice only once', async () => {
  await lacks('t3.small')
  await start('fallback_zones = local-b\nfallback_instance_types = t3.small, t3.medium')
  const all = Array(3).fill('master,node001-node002 t3.medium local-a on-demand')
  expect(await launched()).toEqual(all)
  expect(told()).toHaveLength(2)
}, 60_000)

test('the group that needs most room chooses the zone; the master follows with the type it was given', async () => {
  await lacks('t3.small', 'local-a')
  await start('fallback_zones = local-b\nfallback_instance_types = t3.medium\nmaster_instance_type = t3.small')
  expect(await launched()).toEqual([
    'master t3.small local-b on-demand',
    'node001-node002 t3.small local-b on-demand',
    'node001-node002 t3.small local-b on-demand',
  ])
}, 60_000)

test('an interrupted start that went to another zone is finished there', async () => {
  await lacks('t3.large', 'local-a')
  // The group of the workers goes to local-b; the start is then cut off before the master.
  const controller = new AbortController()
  const ec2 = new Proxy(on.aws.ec2, {
    get: (target, property) => {
      const method = Reflect.get(target, property)
      if (property !== 'runInstances' || typeof method !== 'function') return method
      return async (input: RunInstancesCommandInput, ...rest: unknown[]) => {
        if (input.InstanceType === 't3.medium' && !input.DryRun) {
          controller.abort(new Error('Ctrl-C'))
          throw controller.signal.reason
        }
        return (method as (...all: unknown[]) => unknown)(input, ...rest)
      }
    },
  })
  const cm = new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 } })
  await on.home.write(
    '.starclusterrc',
    '[cluster t]\ncluster_size = 3\navailability_zone = local-a\nfallback_zones = local-b\nmaster_instance_type = t3.medium\nnode_instance_type = t3.large\n',
  )
  const cut = cm.startCluster('c', { createOnly: true, template: 't', signal: controller.signal })
  await expect(cut).rejects.toMatchObject({ code: 'CancelledStartRequest' })
  expect(await launched()).toHaveLength(2)
  await on.cm.startCluster('c', { create: false, createOnly: true })
  const workers = Array(2).fill('node001-node002 t3.large local-b on-demand')
  expect(await launched()).toEqual(['master t3.medium local-b on-demand', ...workers])
}, 60_000)

test('nothing of a launch for which there is no room anywhere is left, and all refusals are told', async () => {
  await lacks('t3.small')
  await lacks('t3.medium')
  await expect(start('fallback_zones = local-b\nfallback_instance_types = t3.medium')).rejects.toMatchObject({
    code: 'InsufficientInstanceCapacity',
    message: expect.stringMatching(
      /no capacity for master,node\[001-002\]: tried t3\.small, t3\.medium in local-a, local-b, on demand; at last: .*t3\.medium capacity.*local-b/,
    ),
    hint: expect.stringContaining('fallback_zones'),
  })
  expect(told()).toHaveLength(3)
  expect(await launched()).toEqual([])
  expect(await on.cm.clusterExists('c')).toBe(false)
}, 120_000)

test.each(['MaxSpotInstanceCountExceeded', 'InstanceLimitExceeded', 'VcpuLimitExceeded', 'RequestLimitExceeded'])(
  '%s is no lack of capacity: nothing else is tried',
  async (name) => {
    const { cm, asked } = refusing(() => name)
    await expect(start('fallback_zones = local-b\nfallback_instance_types = t3.medium', cm)).rejects.toMatchObject({
      code: name,
    })
    expect(asked).toHaveLength(1)
    expect(told()).toEqual([])
  },
  60_000,
)

test.each(['InsufficientHostCapacity', 'Unsupported'])(
  '%s in one zone: the next one is tried',
  async (name) => {
    const { cm } = refusing(({ Placement }) => (Placement?.AvailabilityZone === 'local-a' ? name : undefined))
    await start('fallback_zones = local-b', cm)
    expect(await launched()).toEqual(Array(3).fill('master,node001-node002 t3.small local-b on-demand'))
  },
  60_000,
)

test('volumes hold a cluster in their zone', async () => {
  const { VolumeId } = await on.aws.ec2.createVolume({ AvailabilityZone: 'local-a', Size: 1 })
  await lacks('t3.small', 'local-a')
  const volume = `[volume data]\nvolume_id = ${VolumeId}\nmount_path = /data`
  await expect(start(`fallback_zones = local-b\nvolumes = data\n${volume}`)).rejects.toMatchObject({
    code: 'InsufficientInstanceCapacity',
  })
  expect(on.log).toContainEqual(expect.stringContaining('fallback_zones are not tried: the volumes are in one zone'))
}, 60_000)

test('a fallback that does not exist is refused before anything is made', async () => {
  await expect(start('fallback_zones = local-x')).rejects.toMatchObject({ code: 'InvalidZone' })
  await expect(start('fallback_instance_types = t3.smal')).rejects.toMatchObject({ code: 'InstanceTypeDoesNotExist' })
  expect(await on.cm.clusterExists('c')).toBe(false)
})

test('min_nodes: fewer nodes when there is room for no more, told, and addnode adds the others', async () => {
  const { cm, asked } = refusing(({ MinCount }) => (MinCount === 3 ? 'InsufficientInstanceCapacity' : undefined))
  const cluster = await start('min_nodes = 2', cm)
  expect(asked.map(({ MinCount, MaxCount }) => `${MinCount}-${MaxCount}`)).toEqual(['3-3', '2-3'])
  expect((await cluster.getNodes()).map(({ alias }) => alias)).toEqual(['master', 'node001'])
  expect(on.log).toContainEqual(expect.stringMatching(/begins without node002; "starcluster addnode -n 1 c"/))
  await on.cm.startCluster('c', { create: false, createOnly: true })
  expect(await launched()).toHaveLength(2)
}, 60_000)

test('min_nodes: workers of a type that lacks may all be left out, the master never', async () => {
  await lacks('t3.small')
  const cluster = await start('min_nodes = 1\nmaster_instance_type = t3.large')
  expect((await cluster.getNodes()).map(({ alias }) => alias)).toEqual(['master'])
  expect(on.log).toContainEqual(expect.stringMatching(/begins without node\[001-002\]/))
  await on.cm.terminateCluster('c')
  await lacks('t3.large')
  await expect(start('min_nodes = 1\nmaster_instance_type = t3.large')).rejects.toMatchObject({
    code: 'InsufficientInstanceCapacity',
  })
}, 120_000)

test('min_nodes is about the whole cluster: what one group lacks, the next one must have', async () => {
  const types = 'node_instance_type = t3.medium:1, t3.small\nmaster_instance_type = t3.large\nmin_nodes = 2'
  const { cm } = refusing(({ InstanceType }) =>
    InstanceType === 't3.large' ? undefined : 'InsufficientInstanceCapacity',
  )
  await expect(start(types, cm)).rejects.toMatchObject({ code: 'InsufficientInstanceCapacity' })
  expect(await launched()).toEqual([])
}, 60_000)
