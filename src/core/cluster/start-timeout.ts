import { deadlineSignal, WaitTimeoutError } from '../wait.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps, StartDeadlines } from './deps.js'

const defaults: StartDeadlines = {
  runningMs: 15 * 60_000,
  hostKeysMs: 10 * 60_000,
  sshMs: 10 * 60_000,
  stragglerMs: 10 * 60_000,
  refusedMs: 2 * 60_000,
}

/** What to do about nodes that are waited for too long. */
export const goOn = (tag: string) =>
  `see what they do with "starcluster listclusters ${tag}"; "starcluster start -x ${tag}" goes on waiting`

/** Calls with how long to wait for what: the cluster's start_timeout for all of it, where there is one. */
export async function withinStartTimeout<T>(
  deps: ClusterDeps,
  cluster: Cluster,
  outer: AbortSignal | undefined,
  wait: (deadlines: StartDeadlines, signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const seconds = cluster.record.launch?.startTimeout
  if (seconds === undefined) return wait({ ...defaults, ...deps.deadlines }, outer)
  const ms = seconds * 1000
  const what = `the nodes of cluster ${cluster.tag} to run and to answer on ssh (its start_timeout)`
  const deadline = deadlineSignal(ms, new WaitTimeoutError(what, ms, goOn(cluster.tag)), outer)
  // Less than half, so that another one can take the place of one that does not answer.
  const deadlines = { ...defaults, runningMs: ms, hostKeysMs: ms, sshMs: ms, stragglerMs: ms * 0.4, ...deps.deadlines }
  try {
    return await wait(deadlines, deadline.signal)
  } finally {
    deadline.release()
  }
}
