import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Cloud, CloudLog } from '../cloud.js'
import { diskRoot } from '../disk-root.js'
import { forgetBaseImages, metadataSource, registerBaseImage } from '../ec2/index.js'
import { NullEngine } from '../ec2/null-engine.js'
import { installation } from '../installation.js'
import { LocalCloudError } from '../local-error.js'
import { createContainerEngine } from '../nodes/container/container-engine.js'
import { ContainerProgram } from '../nodes/container/container-program.js'
import type { NodeEngine } from '../nodes/engine.js'
import { ImageStore } from '../nodes/images.js'
import { createNodeEngine } from '../nodes/index.js'
import { withSystemd } from '../nodes/systemd-image.js'
import type { LocalPaths } from '../paths.js'
import { type BackEnd, chooseBackEnd } from './back-end.js'
import { BaseImageKeeper, type Images } from './base-image.js'
import type { NodeApi } from './node-api.js'
import type { NodeStatus } from './status.js'

const SSH_PORT = 22_022
const PRIVATE_NETWORK = '10.78.0.0/16'

/** The machines of this cloud and the image they start from. */
export interface LocalMachines {
  readonly kind: BackEnd['kind'] | 'null'
  readonly engine: NodeEngine
  readonly image: BaseImageKeeper
  /** The same with systemd as process 1; not every computer can run it. */
  readonly systemdImage: BaseImageKeeper
}

/**
 * Real machines, or with STARCLUSTER_LOCAL_ENGINE=null only records of them, for tests of the cloud itself.
 * @throws LocalCloudError when there is no way to make any
 */
export async function openMachines(
  env: NodeJS.ProcessEnv,
  paths: LocalPaths,
  log: CloudLog,
  cloud: () => Cloud,
  api: NodeApi,
): Promise<LocalMachines> {
  const keeper = (images: Images, isDefault: boolean) => {
    const registry: ConstructorParameters<typeof BaseImageKeeper>[1] = {
      async register(image, present) {
        registerBaseImage(cloud().state.ec2, image, isDefault)
        if (present) forgetBaseImages(cloud().state.ec2, present)
        await cloud().commit()
      },
      hasOthers: () =>
        Object.values(cloud().state.ec2.images).some(({ base, state = 'available' }) => !base && state === 'available'),
    }
    return new BaseImageKeeper(images, registry, log)
  }
  if (env.STARCLUSTER_LOCAL_ENGINE === 'null') {
    const image = keeper(NO_IMAGES, true)
    return { kind: 'null', engine: new NullEngine(), image, systemdImage: image }
  }
  const options = {
    stateDir: paths.dir,
    network: PRIVATE_NETWORK,
    sshPort: SSH_PORT,
    egress: env.STARCLUSTER_LOCAL_EGRESS !== 'off',
    metadata: { instanceAt: (address: string) => metadataSource(cloud()).instanceAt(address) },
    log,
  }
  const { kind, why } = await chooseBackEnd(env, paths)
  log.info(`machines are made with ${kind}: ${why}`)
  if (kind === 'namespaces') {
    const root = diskRoot(env, paths)
    const engine = createNodeEngine({ ...options, diskRoot: root, api: (socket, from) => api.take(socket, from) })
    const store = new ImageStore(root)
    return { kind, engine, image: keeper(store, true), systemdImage: keeper(withSystemd(store), false) }
  }
  const program = new ContainerProgram(kind, env)
  const engine = createContainerEngine({ ...options, program, env, programDir: containerProgramDir() })
  return { kind, engine, image: keeper(engine.images, true), systemdImage: keeper(engine.systemdImages, false) }
}

/** @throws LocalCloudError BadInstallation when it was not built */
function containerProgramDir(): string {
  const dir = join(installation().root, 'dist/localcloud/container')
  if (existsSync(join(dir, 'container-main.js'))) return dir
  throw new LocalCloudError('BadInstallation', `${dir} is missing`, { hint: 'in a clone: npm run build' })
}

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
