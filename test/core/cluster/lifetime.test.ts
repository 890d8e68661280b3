import { afterEach, beforeEach, expect, test } from 'vitest'
import { renderCluster } from '../../../src/cli/render-cluster.js'
import { describeSecurityGroups } from '../../../src/core/aws/security-groups.js'
import { lengthText, localTime, readLifetime } from '../../../src/core/cluster/lifetime-text.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'
import { endFile } from '../../support/simulated/node-commands.js'
import { expectNothingLeft } from '../../support/simulated/whole.js'

// Clusters that end by themselves, on simulated machines: what the nodes are told, and what is left when they went.

let on: Simulated

beforeEach(async () => {
  on = await simulatedManager()
})
afterEach(() => on.close())

const start = (overrides: object = {}) => on.cm.startCluster('c', { overrides: { clusterSize: 2, ...overrides } })
const cluster = () => on.cm.getCluster('c')

/** By alias; undefined: it does not end by itself. */
async function told(): Promise<Record<string, string | undefined>> {
  const nodes = await (await cluster()).getNodes()
  return Object.fromEntries(nodes.map(({ alias, id }) => [alias, on.engine.machines.get(id)?.files.read(endFile)]))
}

/** As if they had shut themselves down. */
async function shutDown(state: 'stopped' | 'gone'): Promise<void> {
  const nodes = await (await cluster()).getNodes()
  for (const { id } of nodes) on.engine.powerOff(id)
  const states = async () => (await (await cluster()).getNodes()).map((node) => node.state)
  const wanted = state === 'gone' ? [] : nodes.map(() => 'stopped')
  await expect.poll(states, { timeout: 20_000 }).toEqual(wanted)
}

/** As if the time were over. */
async function letItPass(): Promise<void> {
  const [group] = await describeSecurityGroups(on.aws.ec2, ['@sc-c'])
  const Tags = [{ Key: 'starcluster:ttl', Value: '3600 2026-01-01T12:00:00.000Z' }]
  await on.aws.ec2.createTags({ Resources: [group!.GroupId!], Tags })
}

const listed = async () => renderCluster((await on.cm.listClusters({ tags: ['c'] }))[0]!)

test('every node is told its seconds, the master a minute more; set anew, lifted, kept by a restart, shared by new nodes', async () => {
  const begun = Date.now()
  await start({ ttl: 3600 })
  expect(await told()).toEqual({ master: '3660 stop c', node001: '3600 stop c' })
  const { ends } = await cluster()
  expect((ends!.getTime() - begun) / 1000).toBeGreaterThanOrEqual(3600)
  expect((ends!.getTime() - Date.now()) / 1000).toBeLessThanOrEqual(3600)
  expect(await listed()).toMatch(/^Ends: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ \(in (1h|59m)\)$/m)

  await on.cm.setTtl('c', 7200)
  expect(await told()).toEqual({ master: '7260 stop c', node001: '7200 stop c' })
  const set = (await cluster()).ends!.getTime()
  await on.cm.restartCluster('c')
  await on.cm.addNodes('c', { count: 1 })
  for (const end of Object.values(await told())) expect(Number.parseInt(end!, 10)).toBeGreaterThan(7100)
  expect(Object.keys(await told())).toEqual(['master', 'node001', 'node002'])
  expect((await cluster()).ends!.getTime()).toBe(set)

  await on.cm.setTtl('c', undefined)
  expect(await told()).toEqual({ master: undefined, node001: undefined, node002: undefined })
  expect(await listed()).not.toContain('Ends')
  await expect(on.cm.setTtl('c', 8)).rejects.toMatchObject({ message: expect.stringMatching(/at least a minute/) })
}, 60_000)

test('stopped at its end: told, and a resume counts anew', async () => {
  await start({ ttl: 3600 })
  await letItPass()
  await shutDown('stopped')
  expect(await listed()).toMatch(
    /^Ended: 2026-01-01 .*by itself \(ttl\): its nodes are stopped, "starcluster start -x c"/m,
  )
  await on.cm.startCluster('c', { create: false })
  expect(await told()).toEqual({ master: '3660 stop c', node001: '3600 stop c' })
  expect((await cluster()).ends!.getTime()).toBeGreaterThan(Date.now() + 3_500_000)
}, 60_000)

test('a ttl that is lifted, or set, while the nodes are stopped is told to them when they are back', async () => {
  await start({ ttl: 3600 })
  await on.cm.stopCluster('c')
  expect(await listed()).not.toContain('End')
  expect((await cluster()).marks.lifetime).toEqual({ seconds: 3600 })
  expect(await on.cm.setTtl('c', undefined)).toEqual({ seconds: undefined })
  await on.cm.startCluster('c', { create: false })
  expect(await told()).toEqual({ master: undefined, node001: undefined })
  await on.cm.stopCluster('c')
  expect(await on.cm.setTtl('c', 600)).toEqual({ seconds: 600 })
  await on.cm.startCluster('c', { create: false })
  expect(await told()).toMatchObject({ node001: '600 stop c' })
}, 60_000)

test('ended for good: what is left says so to listclusters, start and start -x, and gc; terminate removes it', async () => {
  await on.home.write('.starclusterrc', '[cluster t]\ncluster_size = 2\nttl = 1h\nttl_action = terminate\n')
  await on.cm.startCluster('c', { template: 't' })
  expect(await told()).toEqual({ master: '3660 terminate c', node001: '3600 terminate c' })
  await on.cm.addNodes('c', { count: 1 })
  await letItPass()
  await shutDown('gone')
  expect(await listed()).toMatch(
    /^Ended: 2026-01-01 .*: its nodes are gone, "starcluster terminate c" removes the rest$/m,
  )
  for (const create of [true, false]) {
    await expect(on.cm.startCluster('c', { create })).rejects.toMatchObject({
      message: expect.stringMatching(/^cluster c ended by itself at 2026-01-01/),
      hint: expect.stringContaining('"starcluster terminate c" removes what is left'),
    })
  }
  expect((await on.cm.findLeftovers())[0]).toMatchObject({
    why: expect.stringMatching(/ended by itself at 2026-01-01/),
  })
  await on.cm.terminateCluster('c')
  await expectNothingLeft(on)
}, 60_000)

test('spot workers end for good although the others are stopped, and that is said at the start', async () => {
  await start({ ttl: 3600, spotBid: 0.1 })
  expect(on.log).toContainEqual(expect.stringMatching(/the workers are spot instances: .*they end for good/))
  expect(await told()).toEqual({ master: '3660 stop c', node001: '3600 terminate c' })
}, 60_000)

test('a node that cannot be told is named, with what to do; the end is recorded all the same', async () => {
  await start({ ttl: 3600 })
  const node = await (await cluster()).getNode('node001')
  on.engine.machines.get(node.id)!.commandsLeft = 1
  await expect(on.cm.setTtl('c', 7200)).rejects.toMatchObject({
    code: 'EndNotTold',
    message: expect.stringMatching(/end of cluster c is recorded, but node001 could not be told/),
    hint: expect.stringContaining('removenode -f c'),
  })
  expect(await told()).toEqual({ master: '7260 stop c', node001: '3600 stop c' })
  expect((await cluster()).ends!.getTime()).toBeGreaterThan(Date.now() + 7_000_000)
}, 60_000)

test('how a login tells the end, and lengths are written', async () => {
  await start({ ttl: 900 })
  const target = await on.cm.sshTarget('c', 'master')
  expect(target.clusterEnds).toEqual({ tag: (await cluster()).tag, at: (await cluster()).ends })
  expect([45_000, 600_000, 7_800_000, 3_600_000, 273_600_000].map(lengthText)).toEqual([
    '45s',
    '10m',
    '2h 10m',
    '1h',
    '3d 4h',
  ])
  expect(localTime(new Date(2026, 0, 2, 0, 3, 4))).toMatch(/^2026-01-02 00:03:04 \S+$/)
  expect(readLifetime('soon')).toBeUndefined()
  expect(readLifetime('60 never')).toEqual({ seconds: 60 })
}, 60_000)
