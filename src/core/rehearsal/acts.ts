import { ChangeWatch } from '../changes/cluster-changes.js'
import type { ClusterDeps } from '../cluster/deps.js'
import { clusterOf, findGroup } from '../cluster/discover.js'
import type { NodePool } from '../cluster/node-pool.js'
import { removeNodes } from '../cluster/remove-nodes.js'
import { loadPlugins, runHooks, runningNodes } from '../cluster/run-hooks.js'
import type { AuthorTests } from './author-tests.js'
import { staleEntries } from './leftovers.js'
import type { Finding } from './step.js'
import { describeFailures, passed } from './test-run.js'

/** A plugin being tried on a cluster of its own. */
export interface Trial {
  readonly deps: ClusterDeps
  readonly pool: NodePool
  readonly plugin: string
  /** Of its cluster. */
  readonly tag: string
}

/** A second run on the same nodes should find everything done. */
export async function runAgain(trial: Trial, signal: AbortSignal): Promise<Finding | undefined> {
  const { cluster, nodes } = await running(trial, signal)
  const watch = await ChangeWatch.begin(nodes, signal)
  await runHooks(trial.deps, cluster, nodes, await loadPlugins(trial.deps, [trial.plugin]), 'run', signal)
  const changes = await watch.compare({ signal })
  return changes.none ? undefined : { remark: `a second run changes something:\n${changes}` }
}

/** Nothing that was written since the node was added should name it once it is gone. */
export async function removeNode(
  trial: Trial,
  alias: string,
  sinceMs: number,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  await removeNodes(trial.deps, trial.pool, trial.tag, { aliases: [alias], signal })
  const { nodes } = await running(trial, signal)
  const stale = await staleEntries(nodes, alias, sinceMs, signal)
  return stale === undefined ? undefined : { remark: `files still name ${alias}, which is removed:\n${stale}` }
}

export async function verify(trial: Trial, signal: AbortSignal): Promise<undefined> {
  const { cluster, nodes } = await running(trial, signal)
  await runHooks(trial.deps, cluster, nodes, await loadPlugins(trial.deps, [trial.plugin]), 'verify', signal)
}

/** @param step what has just been done */
export async function runTests(tests: AuthorTests, step: string, signal: AbortSignal): Promise<Finding> {
  const run = await tests.run(step, signal)
  return passed(run) ? { tests: run.tests } : { tests: run.tests, failure: describeFailures(run) }
}

async function running({ deps, pool, tag }: Trial, signal: AbortSignal) {
  const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
  return { cluster, nodes: await runningNodes(deps, cluster, signal) }
}
