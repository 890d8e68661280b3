import type { ClusterDeps } from '../cluster/deps.js'
import type { NodePool } from '../cluster/node-pool.js'
import type { ConfigError } from '../config/index.js'
import { isStarClusterError } from '../errors.js'

/** One thing that was tried. */
export interface DoctorCheck {
  readonly name: string
  /** `warning`: clusters can be started, but something costs more or works less well. `skipped`: it could not be tried. */
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly detail: string
  /** What to do. */
  readonly mend?: string
}

export interface DoctorDeps extends ClusterDeps {
  /** What was refused when the config was read. */
  readonly problems: readonly ConfigError[]
  readonly pool: NodePool
}

/** Tries something. @throws what is wrong, or `Concern` */
export interface Probe {
  readonly name: string
  /** Not tried when this one failed. */
  readonly after?: string
  try(deps: DoctorDeps, signal: AbortSignal | undefined): Promise<string>
}

/** Not as it should be, but no reason why clusters could not be started. */
export class Concern extends Error {
  constructor(
    message: string,
    readonly mend?: string,
  ) {
    super(message)
  }
}

/** Runs a probe. Every failure is an answer; only an interruption ends it. */
export async function examine(probe: Probe, deps: DoctorDeps, signal: AbortSignal | undefined): Promise<DoctorCheck> {
  const { name } = probe
  try {
    return { name, state: 'ok', detail: await probe.try(deps, signal) }
  } catch (error) {
    if (signal?.aborted) throw error
    if (error instanceof Concern) return answer(name, 'warning', error.message, error.mend)
    if (isStarClusterError(error)) return answer(name, 'failed', error.message, error.hint)
    const { name: kind, message } = error as Error
    return answer(name, 'failed', kind === 'Error' ? message : `${kind}: ${message}`)
  }
}

function answer(name: string, state: DoctorCheck['state'], detail: string, mend?: string): DoctorCheck {
  return { name, state, detail, ...(mend === undefined ? {} : { mend }) }
}
