// Takes a simulated cluster through its life under EC2's documented request limits and prints what each command cost,
// a line of JSON each. Run with tsx: NODES and ADDED as arguments.
import { faultsOf } from '../../../src/localcloud/ec2/index.ts'
import { Counter } from '../../../test/support/simulated/counter.ts'
import { simulatedManager } from '../../../test/support/simulated/manager.ts'

const [nodes, added] = process.argv.slice(2).map(Number)
const counter = new Counter()
const on = await simulatedManager({}, counter.watch)
faultsOf(on.cloud).inject({ kind: 'throttle' })
const overrides = { clusterSize: nodes }
const commands = [
  [`start of ${nodes}`, () => on.cm.startCluster('c', { overrides })],
  ['listclusters', () => on.cm.listClusters()],
  [`addnode of ${added}`, () => on.cm.addNodes('c', { count: added })],
  [`removenode of ${added}`, () => on.cm.removeNodes('c', { count: added })],
  ['stop', () => on.cm.stopCluster('c')],
  ['start -x', () => on.cm.startCluster('c', { create: false })],
  ['restart', () => on.cm.restartCluster('c')],
  ['terminate', () => on.cm.terminateCluster('c')],
]
try {
  for (const [command, act] of commands) {
    const { calls, commands: run, refused, seconds } = await counter.cost(act)
    const memoryMiB = process.memoryUsage.rss() / 2 ** 20
    const trips = [...run.values()]
    const told = { command, calls: Object.fromEntries(calls), refused, seconds, memoryMiB, machines: trips.length }
    console.log(JSON.stringify({ ...told, tripsPerMachine: Math.max(0, ...trips) }))
  }
} finally {
  await on.close()
}
