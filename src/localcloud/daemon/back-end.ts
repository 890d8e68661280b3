import { readdir } from 'node:fs/promises'
import { diskRoot } from '../disk-root.js'
import { LocalCloudError } from '../local-error.js'
import { containerHomeIn } from '../nodes/container/container-home.js'
import { CONTAINER_PROGRAMS, type ContainerProgramName, engineComplaint } from '../nodes/container/container-program.js'
import { diskPaths } from '../nodes/disk-paths.js'
import { namespacesComplaint } from '../nodes/namespaces.js'
import type { LocalPaths } from '../paths.js'

const BACK_ENDS = ['namespaces', ...CONTAINER_PROGRAMS] as const

/** What machines are made with: this computer's namespaces, or a container of an engine in which there are some. */
export interface BackEnd {
  readonly kind: 'namespaces' | ContainerProgramName
  /** In words, for `local doctor`. */
  readonly why: string
}

/**
 * STARCLUSTER_LOCAL_ENGINE says it; else what this cloud's machines are made with already; else namespaces, and where they
 * are refused the engine that answers.
 * @throws LocalCloudError BadBackEnd, OtherBackEnd, NoBackEnd
 */
export async function chooseBackEnd(env: NodeJS.ProcessEnv, paths: LocalPaths): Promise<BackEnd> {
  const wanted = env.STARCLUSTER_LOCAL_ENGINE
  const known = BACK_ENDS.find((kind) => kind === wanted)
  if (wanted && !known) {
    throw new LocalCloudError('BadBackEnd', `STARCLUSTER_LOCAL_ENGINE is ${JSON.stringify(wanted)}`, {
      hint: `one of ${BACK_ENDS.join(', ')}; without it the first that works`,
    })
  }
  const used = await backEndInUse(env, paths)
  if (known && used && known !== used) {
    throw new LocalCloudError('OtherBackEnd', `the machines of this local cloud are made with ${used}, not ${known}`, {
      hint: `unset STARCLUSTER_LOCAL_ENGINE, or begin anew: STARCLUSTER_LOCAL_ENGINE=${used} starcluster local reset`,
    })
  }
  if (known) return { kind: known, why: 'as STARCLUSTER_LOCAL_ENGINE says' }
  if (used) return { kind: used, why: 'the machines of this local cloud are made with it' }
  return firstThatWorks(env)
}

async function firstThatWorks(env: NodeJS.ProcessEnv): Promise<BackEnd> {
  const refused = await namespacesComplaint(env)
  if (refused === undefined) return { kind: 'namespaces', why: 'this computer allows them' }
  const complaints = [`namespaces: ${refused}`]
  for (const kind of CONTAINER_PROGRAMS) {
    const complaint = await engineComplaint(kind, env)
    if (complaint === undefined) return { kind, why: `this computer refuses namespaces: ${refused}` }
    complaints.push(`${kind}: ${complaint}`)
  }
  throw new LocalCloudError('NoBackEnd', `machines cannot be made on this computer (${complaints.join('; ')})`, {
    hint: 'starcluster local doctor says how to mend it; or install and start Docker',
  })
}

async function backEndInUse(env: NodeJS.ProcessEnv, paths: LocalPaths): Promise<BackEnd['kind'] | undefined> {
  const home = await containerHomeIn(paths.dir)
  if (home) return home.program
  const nodes = await readdir(diskPaths(diskRoot(env, paths), paths.dir).nodes).catch(() => [])
  return nodes.length > 0 ? 'namespaces' : undefined
}
