import { randomBytes } from 'node:crypto'
import { addNodes } from '../cluster/add-nodes.js'
import type { ClusterDeps } from '../cluster/deps.js'
import { clusterOf, findGroups } from '../cluster/discover.js'
import { CancelledRequest } from '../cluster/errors.js'
import type { NodePool } from '../cluster/node-pool.js'
import { restartCluster } from '../cluster/restart.js'
import { loadPlugins } from '../cluster/run-hooks.js'
import { startCluster } from '../cluster/start.js'
import { stopCluster } from '../cluster/stop.js'
import { removeCluster, terminateCluster } from '../cluster/terminate.js'
import { withSignal } from '../node/run-signal.js'
import { removeNode, runAgain, runTests, type Trial, verify } from './acts.js'
import { AuthorTests, testFileOf } from './author-tests.js'
import { type Act, type StepResult, takeStep } from './step.js'

export interface RehearsalOptions {
  /** Nodes to begin with, the master included. Default 2. */
  readonly size?: number | undefined
  /** Template of the config; the plugin tried takes the place of its plugins. */
  readonly template?: string | undefined
  /** Leave the cluster for a look. */
  readonly keep?: boolean | undefined
  /** How long each step may take, in milliseconds. Default 15 minutes. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Told of each step as it begins and as it ends. */
  readonly onProgress?: ((progress: RehearsalProgress) => void) | undefined
}

export interface RehearsalProgress {
  readonly tag: string
  /** The plugin's test file, if it has one. */
  readonly testFile: string | undefined
  readonly begins?: string
  readonly ended?: StepResult
}

export interface Rehearsal {
  readonly plugin: string
  /** The cluster it was tried on; gone by now unless it was to be kept. */
  readonly tag: string
  readonly steps: readonly StepResult[]
}

/**
 * Takes a plugin through the whole life of a cluster of its own: start, a second run, a node more, a node less, a
 * reboot, a stop, a start and the end. After each the plugin's `verify` is asked and its test file is run, when it has
 * them. The first failure ends it.
 * @throws before anything is launched when the plugin cannot be loaded; CancelledRequest when aborted
 */
export async function rehearse(
  deps: ClusterDeps,
  pool: NodePool,
  plugin: string,
  options: RehearsalOptions = {},
): Promise<Rehearsal> {
  const { signal, keep = false, timeoutMs = 15 * 60_000, onProgress } = options
  const [loaded] = await loadPlugins(deps, [plugin])
  const trial: Trial = { deps, pool, plugin, tag: newTag(plugin) }
  const testFile = deps.testProgram && testFileOf(loaded?.files[0] ?? '')
  using tests = authorTests(trial, testFile)
  const steps: StepResult[] = []
  const failed = () => steps.some(({ outcome }) => outcome === 'failed')
  const take = async (step: string, act: Act, always = false) => {
    onProgress?.({ tag: trial.tag, testFile, begins: step })
    const skip = failed() && !always
    const ended = skip ? skipped(step) : await takeStep(step, act, { plugin, timeoutMs, signal })
    steps.push(ended)
    onProgress?.({ tag: trial.tag, testFile, ended })
  }
  try {
    for (const [step, act] of Object.entries(lifeOf(trial, options))) {
      await take(step, act)
      if (step === 'stop') continue
      if (loaded?.instance.verify) await take(`verify after: ${step}`, (s) => verify(trial, s))
      if (tests) await take(`tests after: ${step}`, (s) => runTests(tests, step, s))
    }
    if (!keep && (await exists(trial))) await take('terminate', (s) => terminate(trial, failed(), s), true)
  } catch (error) {
    if (!signal?.aborted) throw error
    throw await interrupted(trial, keep, error)
  }
  return { plugin, tag: trial.tag, steps }
}

/** The acts of a cluster's life, in order. */
function lifeOf(trial: Trial, { size = 2, template }: RehearsalOptions): Record<string, Act> {
  const { deps, pool, plugin, tag } = trial
  const options = {
    ...(template === undefined ? {} : { template }),
    // A spot instance cannot be stopped, a volume is somebody's data, and what is made here goes again.
    overrides: { clusterSize: size, plugins: [plugin], volumes: [], onDemand: true, protected: false },
  }
  const added = { alias: '', sinceMs: 0 }
  return {
    start: async (signal) => void (await startCluster(deps, pool, tag, { ...options, signal })),
    'run again': (signal) => runAgain(trial, signal),
    'add a node': async (signal) => {
      added.sinceMs = Date.now()
      for (const { alias } of await addNodes(deps, pool, tag, { signal })) added.alias = alias
      return undefined
    },
    'remove a node': (signal) => removeNode(trial, added.alias, added.sinceMs, signal),
    restart: async (signal) => void (await restartCluster(deps, pool, tag, { signal })),
    stop: async (signal) => void (await stopCluster(deps, pool, tag, { signal })),
    'start again': async (signal) => void (await startCluster(deps, pool, tag, { signal, create: false })),
  }
}

/** After a failure the plugin's hooks may fail too: the cluster goes all the same. */
async function terminate({ deps, pool, tag }: Trial, force: boolean, signal: AbortSignal): Promise<undefined> {
  try {
    await terminateCluster(deps, pool, tag, { force, signal })
  } catch (error) {
    await remove({ deps, pool, tag })
    throw error
  }
}

/** What to tell after Ctrl-C. The cluster is removed first. */
async function interrupted(trial: Trial, keep: boolean, cause: unknown): Promise<CancelledRequest> {
  const what = `the test of ${trial.plugin}`
  const end = `"starcluster terminate ${trial.tag}" removes it`
  if (keep) return new CancelledRequest(what, cause, `cluster ${trial.tag} is kept; ${end}`)
  try {
    await remove(trial)
    return new CancelledRequest(what, cause, `its cluster ${trial.tag} is removed`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return new CancelledRequest(what, cause, `its cluster ${trial.tag} could not be removed (${why}); ${end}`)
  }
}

/**
 * Also after Ctrl-C, so without its signal; nothing of a trial may stay behind. Without the plugin's hooks: one of them
 * may be what hangs.
 */
async function remove({ deps, pool, tag }: Pick<Trial, 'deps' | 'pool' | 'tag'>): Promise<void> {
  await withSignal(new AbortController().signal, async () => {
    const group = (await findGroups(deps, [tag])).get(tag)
    if (group) await removeCluster(deps, pool, clusterOf(deps, pool, group))
  })
}

async function exists({ deps, tag }: Pick<Trial, 'deps' | 'tag'>): Promise<boolean> {
  return (await findGroups(deps, [tag])).has(tag)
}

function authorTests({ deps, tag }: Trial, file: string | undefined): AuthorTests | undefined {
  if (!deps.testProgram || !file) return undefined
  return new AuthorTests(deps.testProgram, file, { tag, region: deps.region.name, config: deps.config().path })
}

function newTag(plugin: string): string {
  const name = plugin.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return `test-${name.slice(0, 30)}-${randomBytes(2).toString('hex')}`
}

const skipped = (step: string): StepResult => ({ step, outcome: 'skipped', ms: 0, hooks: [], log: [] })
