import { LocalCloudError } from '../local-error.js'
import type { NodeVolumes } from './node-volumes.js'

/** Not there yet: every request is refused. */
export class LinuxVolumes implements NodeVolumes {
  create = refuse
  grow = refuse
  remove = refuse
  attach = refuse
  detach = refuse
  snapshot = refuse
  removeSnapshot = refuse

  async list(): Promise<{ volumes: Map<string, number>; snapshots: Map<string, number> }> {
    return { volumes: new Map(), snapshots: new Map() }
  }
}

async function refuse(): Promise<never> {
  throw new LocalCloudError('Unsupported', 'the machines of this computer have no volumes yet')
}
