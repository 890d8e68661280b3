import { resetLocalCloud } from '../../src/localcloud/control.js'
import { cliOk, runCli } from './cli.js'
import { type TempHome, tempHome } from './temp-home.js'

/**
 * A local cloud without machines, in which clusters of the built program are only records: enough for whatever asks EC2
 * and never a node, and in no need of privileges.
 *
 * @param clusters tag -> number of nodes
 */
export async function clusterRecords(clusters: Record<string, number>, files: Record<string, string> = {}) {
  const plain = await tempHome(files)
  const home: TempHome = { ...plain, env: { ...plain.env, STARCLUSTER_LOCAL_ENGINE: 'null' } }
  const remove = async () => {
    await resetLocalCloud(home.env)
    await home.remove()
  }
  try {
    for (const [tag, size] of Object.entries(clusters)) {
      // No machine will ever answer on ssh: the start is left there.
      await runCli(['start', '-s', String(size), tag], { env: home.env, interruptAt: /to answer on ssh/ })
    }
    await cliOk(['listclusters', ...Object.keys(clusters)], { env: home.env })
    return { home, env: home.env, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
