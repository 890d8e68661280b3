import { chmod } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterManager } from '../../../src/core/cluster/cluster-manager.js'
import { generateKeyPair } from '../../../src/core/ssh/keys.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'
import { expectNothingLeft, expectWhole } from '../../support/simulated/whole.js'

// Nodes that run, but never answer, while others do.

let on: Simulated
let cm: ClusterManager
/** Whether the machine has no sshd: by its place in its launch, and by how many machines there were before. */
let silent: (index: number, before: number) => boolean

beforeEach(async () => {
  on = await simulatedManager()
  cm = new ClusterManager({ ...on.deps, deadlines: { stragglerMs: 2000, sshMs: 3000 } })
  silent = () => false
  const seen = new Set<string>()
  const boot = on.engine.boot.bind(on.engine)
  on.engine.boot = (spec) => {
    seen.add(spec.id)
    const { amiLaunchIndex } = on.cloud.state.ec2.instances[spec.id]!
    return boot({ ...spec, unreachable: silent(amiLaunchIndex, [...seen].indexOf(spec.id)) })
  }
})
afterEach(async () => {
  await cm.close()
  await on.close()
})

const template = (lines: string) => on.home.write('.starclusterrc', `[cluster t]\n${lines || 'cluster_size = 3'}\n`)
const start = (overrides = {}) => cm.startCluster('c', { template: 't', overrides })
const warnings = () => on.log.filter((line) => /does not answer|left for later|set up|sets it up/.test(line))
const marks = async () => {
  const { SecurityGroups = [] } = await on.aws.ec2.describeSecurityGroups({ GroupNames: ['@sc-c'] })
  return SecurityGroups[0]!.Tags!.filter(({ Key }) => /joining|launching/.test(Key!))
}

test.each([
  [1, 'node001'],
  [0, 'master'],
])(
  'launch index %s: %s is terminated and launched again under its name',
  async (index, alias) => {
    await template('')
    silent = (at, before) => at === index && before < 3
    await start()
    expect(warnings()).toEqual([
      expect.stringMatching(
        new RegExp(`${alias} \\(i-\\w+\\) does not answer after 2 s: .*refused.*; it is launched again`),
      ),
    ])
    await expectWhole(on, 'c', ['master', 'node001', 'node002'])
    expect(Object.keys(on.cloud.state.ec2.instances)).toHaveLength(4)
    expect(await marks()).toEqual([])
    await cm.terminateCluster('c')
    await expectNothingLeft(on)
  },
  60_000,
)

test('what takes its place, and what is added, is protected as the cluster is; a key that only the command line names does', async () => {
  await template('cluster_size = 2\nprotected = true')
  const { privateKey } = await generateKeyPair('ed25519', 'mine')
  const keyLocation = await on.home.write('mine.pem', privateKey)
  await chmod(keyLocation, 0o600)
  silent = (index, before) => index === 1 && before < 2
  await start({ keyname: 'mine', keyLocation })
  await cm.addNodes('c')
  const all = Object.values(on.cloud.state.ec2.instances)
  const living = all.filter(({ state }) => state === 'running')
  expect([all.length, living.map((one) => one.disableApiTermination)]).toEqual([4, [true, true, true]])
  await expect(cm.terminateCluster('c')).rejects.toMatchObject({ code: 'ClusterProtected' })
}, 60_000)

test('min_nodes: it is left for later, told, and set up when it answers', async () => {
  await template('cluster_size = 3\nmin_nodes = 2\nttl = 8h')
  silent = (index) => index === 2
  await start()
  expect(warnings()).toEqual([
    expect.stringMatching(/node002 \(i-\w+\) is left for later, min_nodes are there: .*refused/),
    expect.stringMatching(
      /costs money, also after the end of the ttl, .*: "starcluster addnode -x -a node002 c" .* "starcluster removenode -a node002 c"/,
    ),
  ])
  const cluster = await cm.getCluster('c')
  silent = () => false
  const { id } = await cluster.getNode('node002')
  await on.aws.ec2.stopInstances({ InstanceIds: [id] })
  await expect.poll(async () => (await cluster.getNode('node002')).state, { timeout: 20_000 }).toBe('stopped')
  await on.aws.ec2.startInstances({ InstanceIds: [id] })
  await expect.poll(async () => (await cluster.getNode('node002')).state, { timeout: 20_000 }).toBe('running')
  await cm.addNodes('c', { aliases: ['node002'], create: false })
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
}, 60_000)

test('addnode with min_nodes: it is left for later and spoils nothing; where none answers it is launched again', async () => {
  await template('cluster_size = 2\nmin_nodes = 2')
  await start()
  silent = (index, before) => index === 1 && before < 4
  expect((await cm.addNodes('c', { count: 2 })).map(({ alias }) => alias)).toEqual(['node002'])
  expect(warnings()[0]).toMatch(/node003 \(i-\w+\) is left for later/)
  await cm.removeNodes('c', { aliases: ['node003'] })
  silent = (_, before) => before === 4
  expect((await cm.addNodes('c')).map(({ alias }) => alias)).toEqual(['node003'])
  expect(warnings().at(-1)).toMatch(/node003 .* it is launched again/)
  await expectWhole(on, 'c', ['master', 'node001', 'node002', 'node003'])
}, 60_000)

test('one that takes its place and does not answer either: a clear error, and start -x goes on', async () => {
  await template('')
  silent = (index, before) => before === 3 || (index === 1 && before < 3)
  await expect(start()).rejects.toMatchObject({
    code: 'ReplacementFailed',
    message: expect.stringMatching(
      /^node001 of cluster c did not answer, and launched again cannot be used either: .*ssh on node001/,
    ),
    hint: expect.stringMatching(/start -x c.*terminate c/),
  })
  const cluster = await cm.getCluster('c')
  expect((await cluster.getNodes()).map(({ alias }) => alias)).toEqual(['master', 'node001', 'node002'])
  expect(Object.keys(on.cloud.state.ec2.instances)).toHaveLength(4)
  silent = () => false
  await cm.stopCluster('c')
  await cm.startCluster('c', { create: false })
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
}, 60_000)

test('where most do not answer, it is not them: they are waited for and none is terminated', async () => {
  await template('')
  silent = (index) => index > 0
  await expect(start()).rejects.toMatchObject({ code: 'WaitTimeoutError' })
  expect(warnings()).toEqual([])
  expect(Object.keys(on.cloud.state.ec2.instances)).toHaveLength(3)
}, 60_000)

test('a node that was stopped is never terminated for being slow', async () => {
  await template('')
  await start()
  await cm.stopCluster('c')
  silent = (index) => index === 1
  await expect(cm.startCluster('c', { create: false })).rejects.toMatchObject({ code: 'WaitTimeoutError' })
  expect(Object.values(on.cloud.state.ec2.instances).map(({ state }) => state)).toEqual(Array(3).fill('running'))
}, 60_000)

test('addnode replaces it too, where the cluster itself answers', async () => {
  await template('cluster_size = 1')
  await start()
  silent = (_, before) => before === 1
  await cm.addNodes('c')
  expect(warnings()).toHaveLength(1)
  await expectWhole(on, 'c', ['master', 'node001'])
  expect(await marks()).toEqual([])
}, 60_000)

test('what an earlier addnode launched may be in use: it is waited for, never terminated', async () => {
  await template('cluster_size = 1')
  await start()
  silent = (_, before) => before === 1
  const killed = new AbortController()
  const adding = cm.addNodes('c', { signal: killed.signal })
  const cluster = await cm.getCluster('c')
  await expect.poll(async () => (await cluster.getRunningNodes()).length, { timeout: 20_000 }).toBe(2)
  killed.abort(new Error('killed'))
  await expect(adding).rejects.toMatchObject({ code: 'CancelledRequest' })
  await expect(cm.addNodes('c')).rejects.toMatchObject({
    code: 'WaitTimeoutError',
    hint: expect.stringMatching(/start -x c"; "starcluster removenode -a node001 c" removes it$/),
  })
  expect((await cluster.getRunningNodes()).map(({ alias }) => alias)).toEqual(['master', 'node001'])
  expect(Object.keys(on.cloud.state.ec2.instances)).toHaveLength(2)
}, 60_000)

test('a new node that ends while it is waited for: nothing speaks of terminating the cluster', async () => {
  await template('cluster_size = 2')
  await start()
  silent = () => true
  const adding = on.cm.addNodes('c').catch((error: unknown) => error)
  const cluster = await cm.getCluster('c')
  await expect.poll(async () => (await cluster.getRunningNodes()).length, { timeout: 20_000 }).toBe(3)
  await on.aws.ec2.terminateInstances({ InstanceIds: [(await cluster.getNode('node002')).id] })
  expect(await adding).toMatchObject({
    code: 'NoClusterNodesFound',
    hint: '"starcluster start -x c" goes on without it, "starcluster addnode c" adds others',
  })
  await cm.startCluster('c', { create: false })
  await expectWhole(on, 'c', ['master', 'node001'])
}, 60_000)

test('interrupted between its end and the next launch, start -x launches it, once', async () => {
  await template('')
  silent = (index, before) => index === 1 && before < 3
  const killed = new AbortController()
  const ec2 = new Proxy(on.aws.ec2, {
    get: (target, name) => {
      const method = Reflect.get(target, name)
      if (name !== 'terminateInstances' || typeof method !== 'function') return method
      return async (input: object) => {
        await method(input)
        killed.abort(new Error('killed'))
        throw killed.signal.reason
      }
    },
  })
  const doomed = new ClusterManager({ ...on.deps, aws: { ...on.aws, ec2 }, deadlines: { stragglerMs: 2000 } })
  const started = doomed.startCluster('c', { template: 't', signal: killed.signal })
  await expect(started).rejects.toMatchObject({ code: 'CancelledStartRequest' })
  expect(await marks()).toHaveLength(1)
  await cm.startCluster('c', { create: false })
  await expectWhole(on, 'c', ['master', 'node001', 'node002'])
  expect(await marks()).toEqual([])
}, 60_000)
