import { FanOutError } from '../ssh/fan-out.js'
import { foldNodeNames } from '../ssh/fold.js'
import { cancellable } from './cancellable.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest, ClusterValidationError, EndNotTold } from './errors.js'
import { keepLifetime, lifetimeFromNow, markLifetime } from './lifetime.js'
import { type Lifetime, lifetimeProblem } from './lifetime-text.js'
import type { NodePool } from './node-pool.js'

export interface SetTtlOptions {
  readonly signal?: AbortSignal
}

/**
 * Gives a cluster so many seconds from now on, or lifts its end. Nodes that are stopped are told when they are resumed.
 * @returns its lifetime now
 * @throws ClusterValidationError for a length that is none; EndNotTold naming the nodes that keep their old end
 */
export async function setTtl(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  seconds: number | undefined,
  { signal }: SetTtlOptions = {},
): Promise<Lifetime> {
  const wrong = seconds === undefined ? undefined : lifetimeProblem(seconds)
  if (wrong !== undefined) throw new ClusterValidationError(`ttl ${wrong}`)
  return cancellable(
    signal,
    async (progress) => {
      progress(`looking for cluster ${tag}`)
      const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
      const running = (await cluster.getNodesOrThrow({ signal })).filter((node) => node.isRunning())
      const lifetime: Lifetime = seconds !== undefined && running.length > 0 ? lifetimeFromNow(seconds) : { seconds }
      progress('writing down its end')
      await markLifetime(deps, cluster, lifetime, signal)
      progress('telling its nodes')
      try {
        await keepLifetime(deps, cluster, running, signal)
      } catch (error) {
        if (!(error instanceof FanOutError)) throw error
        throw new EndNotTold(tag, foldNodeNames(error.failures.keys()), error)
      }
      return lifetime
    },
    (doing, cause) => new CancelledRequest(`changing the ttl of cluster ${tag} (${doing})`, cause),
  )
}
