import type { RegionDisks, RegionEntry } from './core/aws/region.js'
import { actOnDisks, type DiskAct, ensureDaemon } from './localcloud/control.js'

/** The region `local`: machines on this computer, made by a daemon that starts on first use. */
export function localRegion(env: NodeJS.ProcessEnv, onProgress: (message: string) => void): RegionEntry {
  const ensure = (withoutImage: boolean, signal: AbortSignal | undefined) =>
    ensureDaemon({ env, onProgress, withoutImage, ...(signal ? { signal } : {}) })
  return {
    name: 'local',
    sshPort: 22022,
    templateDefaults: { clusterSize: 2, nodeImageId: 'default', nodeInstanceType: 't3.small', keyname: 'starcluster' },
    async ensureRunning(signal) {
      const { endpoint, accessKeyId, secretAccessKey } = await ensure(true, signal)
      return { url: endpoint, credentials: { accessKeyId, secretAccessKey } }
    },
    async prepareLaunch(signal) {
      await ensure(false, signal)
    },
    // Nodes see this computer, and nothing else of its network, at the loopback address.
    callerCidr: async () => '127.0.0.1/32',
    disks: localDisks(env),
  }
}

function localDisks(env: NodeJS.ProcessEnv): RegionDisks {
  const named =
    (act: 'snapshot' | 'rollback' | 'forget') => (ids: readonly string[], name: string, signal?: AbortSignal) =>
      actOnDisks(env, { act, ids, name } satisfies DiskAct, signal)
  return {
    snapshot: named('snapshot'),
    rollback: named('rollback'),
    forget: named('forget'),
    list: (ids, signal) => actOnDisks(env, { act: 'list', ids }, signal),
  }
}
