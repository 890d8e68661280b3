import { isStarClusterError } from '../errors.js'
import { configureLog } from '../log.js'
import { withSignal } from '../node/run-signal.js'
import { observeHooks } from '../setup/observe-hooks.js'
import { PluginRunError } from '../setup/plugin-errors.js'
import { type CommandObserver, currentObserver, observeCommands } from '../ssh/observe.js'
import { deadlineSignal, WaitTimeoutError } from '../wait.js'
import type { TestResult } from './test-run.js'

/** One step of a plugin's trial. */
export interface StepResult {
  readonly step: string
  readonly outcome: 'ok' | 'remark' | 'failed' | 'skipped'
  /** Milliseconds, whole. */
  readonly ms: number
  /** Hooks of the plugin that were called, in order, with the node they were about: `onAddNode node002`. */
  readonly hooks: readonly string[]
  /** What failed, or what is worth a remark. */
  readonly detail?: string
  /** The hook that failed, and the node if one is to blame. */
  readonly failedHook?: { readonly hook: string; readonly node?: string }
  /** The plugin's own tests, where the step ran them. */
  readonly tests?: readonly TestResult[]
  /** What was logged meanwhile, as a screen would show it. */
  readonly log: readonly string[]
}

/** What an act found besides that it ended. */
export interface Finding {
  readonly remark?: string
  readonly failure?: string
  readonly tests?: readonly TestResult[]
}

export type Act = (signal: AbortSignal) => Promise<Finding | undefined>

export interface StepOptions {
  /** The plugin whose hooks are noted. */
  readonly plugin: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Does one step; what it throws is its result. @throws only when `signal` is aborted */
export async function takeStep(step: string, act: Act, options: StepOptions): Promise<StepResult> {
  const { plugin, timeoutMs, signal: outer } = options
  const log: string[] = []
  const collecting = configureLog({ collect: (line) => log.push(line) })
  const watch = new StepWatch(plugin)
  const deadline = deadlineSignal(timeoutMs, new WaitTimeoutError(`the step "${step}"`, timeoutMs), outer)
  let hanging: string | undefined
  // Before anything else hears of it: what runs now is what hangs.
  deadline.signal.addEventListener('abort', () => (hanging = watch.running()), { once: true })
  const began = performance.now()
  const result = (more: Omit<StepResult, 'step' | 'ms' | 'hooks' | 'log'>): StepResult => ({
    step,
    ms: Math.round(performance.now() - began),
    hooks: watch.hooks,
    log,
    ...more,
  })
  try {
    const found = await watch.follow(() => withSignal(deadline.signal, () => act(deadline.signal)))
    const { failure, remark, tests } = found ?? {}
    const detail = failure ?? remark
    return result({
      outcome: failure !== undefined ? 'failed' : remark !== undefined ? 'remark' : 'ok',
      ...(detail === undefined ? {} : { detail }),
      ...(tests ? { tests } : {}),
    })
  } catch (error) {
    if (outer?.aborted) throw error
    if (deadline.signal.aborted) {
      return result({ outcome: 'failed', detail: `not done within ${timeoutMs / 1000} s: ${hanging}` })
    }
    return result({ outcome: 'failed', detail: describe(error), ...failedHook(error) })
  } finally {
    deadline.release()
    collecting.close()
  }
}

/** Keeps account of hooks and remote commands that run. */
class StepWatch {
  readonly hooks: string[] = []
  private readonly runningHooks = new Set<string>()
  private readonly runningCommands = new Set<string>()

  constructor(private readonly plugin: string) {}

  follow<T>(task: () => Promise<T>): Promise<T> {
    const outer = currentObserver()
    const commands: CommandObserver = {
      begin: (command) => {
        const line = `${command.node}: ${command.command.replace(/\s+/g, ' ').trim()}`
        const told = outer?.begin(command)
        this.runningCommands.add(line)
        return {
          line: (text) => told?.line?.(text),
          progress: (progress) => told?.progress?.(progress),
          end: (result) => {
            this.runningCommands.delete(line)
            told?.end(result)
          },
        }
      },
    }
    return observeCommands(commands, () => observeHooks((call) => this.hookCalled(call), task))
  }

  private hookCalled({ plugin, hook, node }: { plugin: string; hook: string; node?: string }): () => void {
    if (plugin !== this.plugin) return () => undefined
    const told = node === undefined ? hook : `${hook} ${node}`
    if (hook !== 'verify') this.hooks.push(told)
    this.runningHooks.add(told)
    return () => this.runningHooks.delete(told)
  }

  /** What is being done now, for a step that takes too long. */
  running(): string {
    const parts = [
      ...[...this.runningHooks].map((hook) => `${this.plugin} was in ${hook}`),
      ...[...this.runningCommands].map((command) => `running on ${command}`),
    ]
    return parts.length === 0 ? 'no hook and no command was running' : parts.join('\n')
  }
}

function describe(error: unknown): string {
  const hint = isStarClusterError(error) && error.hint ? `\n${error.hint}` : ''
  return (error instanceof Error ? error.message : String(error)) + hint
}

function failedHook(error: unknown): Pick<StepResult, 'failedHook'> {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof PluginRunError) {
      const { hook, node } = cause
      return { failedHook: { hook, ...(node === undefined ? {} : { node }) } }
    }
  }
  return {}
}
