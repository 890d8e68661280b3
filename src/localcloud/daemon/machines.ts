import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Cloud, CloudLog } from '../cloud.js'
import { metadataSource, NullEngine, registerBaseImage } from '../ec2/index.js'
import { errorCode } from '../local-error.js'
import type { NodeEngine } from '../nodes/engine.js'
import { ImageStore } from '../nodes/images.js'
import { claimPublicNet, createNodeEngine } from '../nodes/index.js'
import type { LocalPaths } from '../paths.js'
import { BaseImageKeeper } from './base-image.js'
import { writePrivateFile } from './credentials.js'
import type { NodeStatus } from './status.js'

const SSH_PORT = 22_022
const PRIVATE_NETWORK = '10.78.0.0/16'

/** The machines of this cloud and the image they start from. */
export interface LocalMachines {
  readonly kind: 'namespaces' | 'null'
  readonly engine: NodeEngine
  readonly image: BaseImageKeeper
}

/** Real machines, or with STARCLUSTER_LOCAL_ENGINE=null only records of them, for tests of the cloud itself. */
export async function openMachines(
  env: NodeJS.ProcessEnv,
  paths: LocalPaths,
  log: CloudLog,
  cloud: () => Cloud,
): Promise<LocalMachines> {
  const register = async (image: Parameters<typeof registerBaseImage>[1]) => {
    registerBaseImage(cloud().state.ec2, image)
    await cloud().commit()
  }
  if (env.STARCLUSTER_LOCAL_ENGINE === 'null') {
    return { kind: 'null', engine: new NullEngine(), image: new BaseImageKeeper(NO_IMAGES, register, log) }
  }
  const root = diskRoot(env, paths)
  const engine = createNodeEngine({
    stateDir: paths.dir,
    diskRoot: root,
    network: PRIVATE_NETWORK,
    publicPrefix: await publicPrefix(paths),
    sshPort: SSH_PORT,
    metadata: metadataSource(cloud),
    log,
  })
  return { kind: 'namespaces', engine, image: new BaseImageKeeper(new ImageStore(root), register, log) }
}

/** As root outside of any home, since a 0700 home cannot be entered from the machines' user namespace. */
export function diskRoot(env: NodeJS.ProcessEnv, paths: LocalPaths): string {
  const given = env.STARCLUSTER_DISK_ROOT
  if (given) return given
  return process.getuid?.() === 0 ? '/var/lib/starcluster/0' : join(dirname(paths.dir), 'disks')
}

export async function nodeStatuses(engine: NodeEngine): Promise<NodeStatus[]> {
  const present = [...(await engine.list())].filter(([, state]) => state !== 'absent')
  return Promise.all(
    present.map(async ([id, state]) => ({
      id,
      state: state === 'running' ? ('running' as const) : ('stopped' as const),
      ...(await engine.usage(id)),
    })),
  )
}

/** A /24 that no other daemon uses; the one of the last run, else one that other homes rarely come upon. */
async function publicPrefix(paths: LocalPaths): Promise<string> {
  const file = join(paths.dir, 'public-net')
  const stored = Number(await readFile(file, 'utf8').catch(noFile)) || undefined
  const startAt = 1 + (createHash('sha256').update(paths.dir).digest().readUInt32BE() % 254)
  const net = await claimPublicNet({ stored, port: SSH_PORT, startAt })
  if (net.number !== stored) await writePrivateFile(file, `${net.number}\n`)
  return net.prefix
}

function noFile(error: unknown): string {
  if (errorCode(error) === 'ENOENT') return ''
  throw error
}

/** Machines that are only records need an image by name and nothing in it. */
const NO_IMAGES = (() => {
  const image = { id: 'null', name: 'debian-12', layers: [], created: '2026-01-01T00:00:00.000Z' }
  return { base: async () => image, ensureBase: async () => image }
})()
