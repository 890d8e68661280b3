import { offeredControllers } from './cgroups.js'
import { loopDevicesWork } from './node-disk.js'

/** What machines made of namespaces can take of this computer without a limit, in words. */
export async function missingLimits(): Promise<string[]> {
  const [disks, controllers] = await Promise.all([loopDevicesWork(), offeredControllers()])
  return [
    ...(disks ? [] : ['disk']),
    ...(controllers.includes('memory') ? [] : ['memory']),
    ...(controllers.includes('cpu') ? [] : ['processors']),
  ]
}
