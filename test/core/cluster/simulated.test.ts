import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseExports, parseHosts } from '../../../src/core/node/facts.js'
import { type Simulated, simulatedManager } from '../../support/simulated/manager.js'

let on: Simulated

beforeEach(async () => {
  on = await simulatedManager()
})
afterEach(() => on.close())

const start = (clusterSize = 3) => on.cm.startCluster('c', { overrides: { clusterSize } })
const machines = () => [...on.engine.machines.values()]

test('a start makes a cluster of simulated machines, and a second run of the set-up changes nothing', async () => {
  const cluster = await start()
  const nodes = await cluster.getNodes()
  const addresses = nodes.map(({ privateIpAddress }) => privateIpAddress)
  for (const { files } of machines()) {
    const known = parseHosts(files.read('/etc/hosts') ?? '').filter(({ address }) => addresses.includes(address))
    expect(known.map(({ names }) => names[0])).toEqual(['master', 'node001', 'node002'])
    expect(files.read('/etc/passwd')).toMatch(/^sgeadmin:x:1000:1000:.*:\/bin\/bash$/m)
  }
  const [master, ...workers] = machines()
  expect(parseExports(master!.files.read('/etc/exports') ?? '').map(({ clients }) => clients[0]!.host)).toEqual(
    addresses.slice(1),
  )
  for (const { mounts } of workers) expect([...mounts]).toEqual([['/home', 'master:/home']])
  const before = on.log.length
  await on.cm.startCluster('c', { create: false })
  expect(on.log.slice(before).filter((line) => line.includes('changed: '))).toEqual([])
})
