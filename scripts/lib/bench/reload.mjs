import { performance } from 'node:perf_hooks'
import { PluginSources } from './author/sources.mjs'
import { median, repeated, report } from './measure.mjs'

/** Edit to run without a cluster: how long until the loader has a plugin as it is on disk now. */
export async function benchReload(env) {
  const sources = new PluginSources(env.HOME)
  const { createStarCluster } = await import('../../../dist/index.js')
  const sc = await createStarCluster({ env, log: silent })
  const reload = async (edited) => {
    if (edited) sources.edit(edited)
    const start = performance.now()
    const { instance } = await sc.plugins.load(sc.config().plugin('author'))
    const took = performance.now() - start
    if (instance.says !== sources.says) throw new Error(`loaded was ${instance.says}, not ${sources.says}`)
    return took
  }
  await repeated(10, () => reload('plugin'))
  report('reload, nothing changed', median(await repeated(200, () => reload())), 'ms', 1)
  report('reload, plugin edited', median(await repeated(100, () => reload('plugin'))), 'ms', 15)
  report('reload, helper three imports deep edited', median(await repeated(100, () => reload('helper'))), 'ms', 15)
  report('reload, config section edited', median(await repeated(100, () => reload('config'))), 'ms', 15)
  await repeated(50, () => reload('plugin'))
  const before = heap()
  await repeated(1_000, () => reload('plugin'))
  report('heap growth over 1,000 reloads', (heap() - before) / 2 ** 20, 'MiB', 2)
  await sc.close()
}

/** A thousand announcements are not for a report. */
export const silent = Object.fromEntries(
  ['debug', 'info', 'warn', 'error', 'critical', 'fatal'].map((name) => [name, () => undefined]),
)

function heap() {
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}
