import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { median, program, report, run, times } from './measure.mjs'

/** Real clusters: start to fully configured, a no-op plugin, one command on an open connection. */
export async function benchCluster(env) {
  const sc = (...args) => run(process.execPath, [program, ...args], env)
  const seconds = (call) => {
    const start = performance.now()
    call()
    return (performance.now() - start) / 1000
  }
  sc('listclusters') // image and daemon present
  const starts = []
  for (let i = 0; i < 3; i++) {
    starts.push(seconds(() => sc('start', 't', '-s', '3')))
    if (i < 2) sc('terminate', '-c', 't')
  }
  report('start of 3 nodes, fully configured (median of 3)', median(starts.sort((a, b) => a - b)), 's', 3)

  mkdirSync(join(env.HOME, '.starcluster/plugins'), { recursive: true })
  writeFileSync(
    join(env.HOME, '.starcluster/plugins/noop.ts'),
    "import { ClusterSetup } from 'starcluster'\nexport class Noop extends ClusterSetup { async run() {} }\n",
  )
  writeFileSync(join(env.HOME, '.starclusterrc'), '[plugin noop]\nsetup_class = noop.Noop\n')
  const floor = median(await times(10, async () => run(process.execPath, ['-e', '0'], env)))
  const noop = median(await times(10, async () => sc('runplugin', 'noop', 't')))
  report('runplugin noop, 3 nodes, above an empty node process', noop - floor, 'ms', 500)

  const { createStarCluster } = await import('../../../dist/index.js')
  const lib = await createStarCluster({ env })
  const cluster = await lib.cm.getCluster('t')
  const master = await cluster.getMaster()
  const trips = await times(200, () => master.ssh.execute('true', { sourceProfile: false }))
  report('exec round trip on an open connection', median(trips), 'ms', 5)
  report('whole warm cm.runPlugin of a no-op', median(await times(20, () => lib.cm.runPlugin('noop', 't'))), 'ms', 80)
  await lib.close()

  const status = JSON.parse(sc('local', 'status', '--json'))
  const memory = status.nodes.map((n) => n.memoryBytes).sort((a, b) => a - b)
  report('memory of an idle node (PSS)', median(memory) / 2 ** 20, 'MiB', 5)
  report('memory of the daemon with 3 nodes', status.memoryBytes / 2 ** 20, 'MiB', 180)
  sc('terminate', '-c', 't')

  for (const [size, budget] of [
    [10, 8],
    [50, 30],
  ]) {
    report(
      `start of ${size} nodes, fully configured`,
      seconds(() => sc('start', `of${size}`, '-s', String(size))),
      's',
      budget,
    )
    sc('terminate', '-c', `of${size}`)
  }
  sc('local', 'stop')
  report(
    'start of 3 nodes, daemon cold',
    seconds(() => sc('start', 'cold', '-s', '3')),
    's',
    4,
  )
  sc('terminate', '-c', 'cold')
}
