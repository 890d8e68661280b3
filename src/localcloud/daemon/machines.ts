import type { Cloud, CloudLog } from '../cloud.js'
import { NullEngine } from '../ec2/null-engine.js'
import type { NodeEngine } from '../nodes/engine.js'
import type { LocalPaths } from '../paths.js'
import type { NodeStatus } from './status.js'

/** The machines of this cloud and the image they start from. */
export interface LocalMachines {
  readonly kind: 'namespaces' | 'null'
  readonly engine: NodeEngine
  imageReady(): boolean
  /** Builds the base image when there is none; callers at once share one build and all hear of its progress. */
  ensureImage(onProgress: (message: string) => void): Promise<void>
  nodes(): Promise<NodeStatus[]>
}

/** Real machines, or with STARCLUSTER_LOCAL_ENGINE=null only records of them, for tests of the cloud itself. */
export async function openMachines(
  env: NodeJS.ProcessEnv,
  _paths: LocalPaths,
  _log: CloudLog,
  _cloud: () => Cloud,
): Promise<LocalMachines> {
  if (env.STARCLUSTER_LOCAL_ENGINE === 'null') return nullMachines()
  throw new Error('not yet')
}

function nullMachines(): LocalMachines {
  const engine = new NullEngine()
  return {
    kind: 'null',
    engine,
    imageReady: () => true,
    ensureImage: async () => undefined,
    nodes: () => nodeStatuses(engine),
  }
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
