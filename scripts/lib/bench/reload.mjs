import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { median, report } from './measure.mjs'

/** Edit-to-run of a plugin with helpers: how long until the loader answers. */
export async function benchReload(env) {
  const dir = join(env.HOME, '.starcluster/plugins')
  mkdirSync(dir, { recursive: true })
  const filler = Array.from({ length: 200 }, (_, i) => `export const v${i} = ${i}`).join('\n')
  writeFileSync(join(dir, 'deep.ts'), filler)
  const helper = (n) =>
    writeFileSync(join(dir, 'helper.ts'), `import { v1 } from './deep'\nexport const edit = ${n} + v1\n`)
  const plugin = (n) =>
    writeFileSync(
      join(dir, 'bench.ts'),
      `import { ClusterSetup } from 'starcluster'\nimport { edit } from './helper'\nexport class Bench extends ClusterSetup { n = ${n} + edit; async run() {} }\n`,
    )
  helper(0)
  plugin(0)
  writeFileSync(join(env.HOME, '.starclusterrc'), '[plugin bench]\nsetup_class = bench.Bench\n')
  const { createStarCluster } = await import('../../../dist/index.js')
  const sc = await createStarCluster({ env })
  const load = () => sc.plugins.load(sc.config().plugins.get('bench'))
  const timed = async (runs, before) => {
    const all = []
    for (let i = 0; i < runs; i++) {
      before(i + 1)
      const start = performance.now()
      await load()
      all.push(performance.now() - start)
    }
    return median(all.sort((a, b) => a - b))
  }
  await timed(10, plugin)
  report('reload, nothing changed', await timed(200, () => undefined), 'ms', 1)
  report('reload, plugin edited', await timed(100, plugin), 'ms', 15)
  report('reload, helper edited', await timed(100, helper), 'ms', 15)
  const heap = () => {
    globalThis.gc()
    globalThis.gc()
    return process.memoryUsage().heapUsed
  }
  await timed(50, plugin)
  const before = heap()
  await timed(1000, plugin)
  report('heap growth over 1,000 reloads', (heap() - before) / 2 ** 20, 'MiB', 2)
  await sc.close()
}
