import { randomBytes } from 'node:crypto'
import { ChangeWatch } from '../changes/cluster-changes.js'
import { isStarClusterError } from '../errors.js'
import { withSignal } from '../node/run-signal.js'
import { addNodes } from './add-nodes.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup, findGroups } from './discover.js'
import type { NodePool } from './node-pool.js'
import { removeNodes } from './remove-nodes.js'
import { restartCluster } from './restart.js'
import { loadPlugins, runHooks, runningNodes } from './run-hooks.js'
import { startCluster } from './start.js'
import { stopCluster } from './stop.js'
import { terminateCluster } from './terminate.js'

export interface RehearsalOptions {
  /** Nodes to begin with, the master included. Default 2. */
  readonly size?: number | undefined
  /** Template of the config; the plugin tried takes the place of its plugins. */
  readonly template?: string | undefined
  /** Leave the cluster for a look. */
  readonly keep?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface StepResult {
  readonly step: string
  readonly outcome: 'ok' | 'remark' | 'failed' | 'skipped'
  readonly ms: number
  /** What failed, or what is worth a remark. */
  readonly detail?: string | undefined
}

export interface Rehearsal {
  readonly plugin: string
  /** The cluster it was tried on; gone by now unless it was to be kept. */
  readonly tag: string
  readonly steps: readonly StepResult[]
}

/**
 * Takes a plugin through the whole life of a cluster of its own: start, a second run, a node more, a node less, a
 * reboot, a stop and a start. After each the plugin's `verify` is asked, when it has one. The first failure ends it.
 */
export async function rehearse(
  deps: ClusterDeps,
  pool: NodePool,
  plugin: string,
  options: RehearsalOptions = {},
): Promise<Rehearsal> {
  const { signal, size = 2, template, keep = false } = options
  // Before anything is launched: a plugin that cannot be loaded is told at once.
  const [loaded] = await loadPlugins(deps, [plugin])
  const tag = `test-${plugin
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 30)}-${randomBytes(2).toString('hex')}`
  const steps: StepResult[] = []
  const both = signal ? { signal } : {}
  const acts: Readonly<Record<string, () => Promise<unknown>>> = {
    start: () =>
      startCluster(deps, pool, tag, {
        ...both,
        ...(template === undefined ? {} : { template }),
        overrides: { clusterSize: size, plugins: [plugin] },
      }),
    'run again': () => runAgain(deps, pool, plugin, tag, signal),
    'add a node': () => addNodes(deps, pool, tag, both),
    'remove a node': () => removeNodes(deps, pool, tag, both),
    restart: () => restartCluster(deps, pool, tag, both),
    stop: () => stopCluster(deps, pool, tag, both),
    'start again': () => startCluster(deps, pool, tag, { ...both, create: false }),
  }
  let failed = false
  const take = async (step: string, act: () => Promise<unknown>) => {
    const result = failed ? { step, outcome: 'skipped' as const, ms: 0 } : await attempt(step, act, signal)
    failed ||= result.outcome === 'failed'
    steps.push(result)
  }
  try {
    for (const [step, act] of Object.entries(acts)) {
      await take(step, act)
      if (step !== 'stop' && loaded?.instance.verify)
        await take(`verify after: ${step}`, () => verify(deps, pool, plugin, tag, signal))
    }
  } finally {
    if (!keep) await remove(deps, pool, tag)
  }
  return { plugin, tag, steps }
}

async function attempt(
  step: string,
  act: () => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<StepResult> {
  const started = performance.now()
  const took = () => performance.now() - started
  try {
    const remark = await act()
    if (typeof remark !== 'string') return { step, outcome: 'ok', ms: took() }
    return { step, outcome: 'remark', ms: took(), detail: remark }
  } catch (error) {
    if (signal?.aborted) throw error
    const hint = isStarClusterError(error) && error.hint ? `\n${error.hint}` : ''
    return {
      step,
      outcome: 'failed',
      ms: took(),
      detail: (error instanceof Error ? error.message : String(error)) + hint,
    }
  }
}

/** A second run on the same nodes should find everything done. -> what it changed all the same */
async function runAgain(
  deps: ClusterDeps,
  pool: NodePool,
  plugin: string,
  tag: string,
  signal: AbortSignal | undefined,
) {
  const { cluster, nodes } = await running(deps, pool, tag, signal)
  const watch = await ChangeWatch.begin(nodes, signal)
  await runHooks(deps, cluster, nodes, await loadPlugins(deps, [plugin]), 'run', signal)
  const changes = await watch.compare({ signal })
  return changes.none ? undefined : `a second run changes something:\n${changes}`
}

async function verify(deps: ClusterDeps, pool: NodePool, plugin: string, tag: string, signal: AbortSignal | undefined) {
  const { cluster, nodes } = await running(deps, pool, tag, signal)
  await runHooks(deps, cluster, nodes, await loadPlugins(deps, [plugin]), 'verify', signal)
  return undefined
}

async function running(deps: ClusterDeps, pool: NodePool, tag: string, signal: AbortSignal | undefined) {
  const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
  return { cluster, nodes: await runningNodes(deps, cluster, signal) }
}

/** Also after Ctrl-C, so without its signal; nothing of a trial may stay behind. */
async function remove(deps: ClusterDeps, pool: NodePool, tag: string): Promise<void> {
  await withSignal(new AbortController().signal, async () => {
    if (!(await findGroups(deps, [tag])).has(tag)) return
    await terminateCluster(deps, pool, tag, { force: true })
  })
}
