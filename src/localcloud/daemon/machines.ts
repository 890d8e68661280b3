import type { Cloud, CloudLog } from '../cloud.js'
import { diskRoot } from '../disk-root.js'
import { metadataSource, registerBaseImage } from '../ec2/index.js'
import { NullEngine } from '../ec2/null-engine.js'
import type { NodeEngine } from '../nodes/engine.js'
import { ImageStore } from '../nodes/images.js'
import { createNodeEngine } from '../nodes/index.js'
import { ownCgroupParent } from '../nodes/own-cgroup.js'
import type { LocalPaths } from '../paths.js'
import { BaseImageKeeper } from './base-image.js'
import type { NodeStatus } from './status.js'

const SSH_PORT = 22_022
const PRIVATE_NETWORK = '10.78.0.0/16'

/** The machines of this cloud and the image they start from. */
export interface LocalMachines {
  readonly kind: 'namespaces' | 'null'
  readonly engine: NodeEngine
  readonly image: BaseImageKeeper
  /** The same with systemd as process 1; not every computer can run it. */
  readonly systemdImage: BaseImageKeeper
}

/** Real machines, or with STARCLUSTER_LOCAL_ENGINE=null only records of them, for tests of the cloud itself. */
export function openMachines(
  env: NodeJS.ProcessEnv,
  paths: LocalPaths,
  log: CloudLog,
  cloud: () => Cloud,
): LocalMachines {
  const register = (isDefault: boolean) => async (image: Parameters<typeof registerBaseImage>[1]) => {
    registerBaseImage(cloud().state.ec2, image, isDefault)
    await cloud().commit()
  }
  if (env.STARCLUSTER_LOCAL_ENGINE === 'null') {
    const image = new BaseImageKeeper(NO_IMAGES, register(true), log)
    return { kind: 'null', engine: new NullEngine(), image, systemdImage: image }
  }
  const root = diskRoot(env, paths)
  const engine = createNodeEngine({
    stateDir: paths.dir,
    diskRoot: root,
    network: PRIVATE_NETWORK,
    sshPort: SSH_PORT,
    egress: env.STARCLUSTER_LOCAL_EGRESS !== 'off',
    metadata: { instanceAt: (address) => metadataSource(cloud()).instanceAt(address) },
    log,
  })
  const store = new ImageStore(root)
  return {
    kind: 'namespaces',
    engine,
    image: new BaseImageKeeper(store, register(true), log),
    systemdImage: new BaseImageKeeper(withSystemd(store), register(false), log),
  }
}

/** Refused before a minute is spent on what cannot run here. Which group a machine gets is known once it is started. */
const withSystemd = (store: ImageStore) => ({
  base: () => store.base('systemd'),
  ensureBase: async (onProgress: (message: string) => void) => {
    await ownCgroupParent('probe', 'self')
    return store.ensureBase(onProgress, 'systemd')
  },
})

export async function nodeStatuses(engine: NodeEngine): Promise<NodeStatus[]> {
  const present = [...(await engine.list())].filter(([, state]) => state !== 'absent')
  return Promise.all(
    present.map(async ([id, state]) => ({
      id,
      state: state === 'running' ? ('running' as const) : ('stopped' as const),
      ...(await engine.usage(id)),
      ports: await engine.publicPorts(id),
    })),
  )
}

/** Machines that are only records need an image by name and nothing in it. */
const NO_IMAGES = (() => {
  const image = { id: 'null', name: 'debian-12', layers: [], created: '2026-01-01T00:00:00.000Z' }
  return { base: async () => image, ensureBase: async () => image }
})()
