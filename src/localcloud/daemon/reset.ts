import type { Cloud, CloudLog } from '../cloud.js'
import { LocalCloudError } from '../local-error.js'
import type { LocalPaths } from '../paths.js'
import { openMachines } from './machines.js'
import { NodeApi } from './node-api.js'

/**
 * Removes every machine, disk, namespace and port of this user's local cloud. Reads no state: it also helps when the
 * state cannot be read. The caller removes the state directory afterwards.
 */
export async function resetEverything(
  env: NodeJS.ProcessEnv,
  paths: LocalPaths,
  log: CloudLog,
  options: { images: boolean },
): Promise<void> {
  const noCloud = (): Cloud => {
    throw new Error('the cloud is being reset')
  }
  try {
    const { engine } = await openMachines(env, paths, log, noCloud, new NodeApi(() => false))
    await engine.reset({ images: options.images })
    await engine.close()
  } catch (error) {
    // Where none can be made, and none were, there is nothing to remove.
    if (!(error instanceof LocalCloudError && error.code === 'NoBackEnd')) throw error
  }
}
