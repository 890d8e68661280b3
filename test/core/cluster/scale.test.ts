import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../../../src/localcloud/ec2/index.js'
import { type Cost, Counter } from '../../support/simulated/counter.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'

const counter = new Counter()
const few = 2
const many = 100
let on: Simulated

beforeAll(async () => {
  on = await simulatedManager({}, counter.watch)
  faultsOf(on.cloud).inject({ kind: 'throttle' })
}, 60_000)
afterAll(() => on.close())

/** All but looks, whose number is a matter of time. */
const calls = ({ calls: all }: Cost) =>
  Object.fromEntries([...all].filter(([action]) => !/^(DescribeInstances|GetConsoleOutput)$/.test(action)))
const perNode = ({ commands }: Cost) => [...new Set(commands.values())].sort()
const start = (tag: string, clusterSize: number) => () => on.cm.startCluster(tag, { overrides: { clusterSize } })

test('what a start costs does not grow with its nodes, but for one look at each console', async () => {
  await on.cm.startCluster('first', { createOnly: true, overrides: { clusterSize: 1 } }) // makes the key pair
  const [small, large] = [await counter.cost(start('few', few)), await counter.cost(start('many', many))]
  expect(calls(large)).toEqual(calls(small))
  // One of them dry.
  expect(large.calls.get('RunInstances')).toBe(2)
  expect([small, large].map((cost) => cost.calls.get('GetConsoleOutput'))).toEqual([few, many])
  expect(large.commands.size).toBe(many)
  expect(perNode(large)).toEqual(perNode(small))
}, 240_000)

test('nor does what it costs to add nodes, to list them and to terminate them', async () => {
  const addAndRemove = async (tag: string, count: number) => [
    await counter.cost(() => on.cm.addNodes(tag, { count })),
    await counter.cost(() => on.cm.removeNodes(tag, { count })),
    await counter.cost(() => on.cm.listClusters()),
    await counter.cost(() => on.cm.terminateCluster(tag)),
  ]
  const small = await addAndRemove('few', 1)
  const large = await addAndRemove('many', 20)
  expect(large.map(calls)).toEqual(small.map(calls))
  expect(large.map(perNode)).toEqual(small.map(perNode))
  expect(large[2]!.calls.get('DescribeInstances')).toBe(1)
}, 240_000)
