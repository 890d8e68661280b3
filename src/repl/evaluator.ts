import { types } from 'node:util'
import vm from 'node:vm'
import { type CompiledInput, compileInput } from './compile.js'
import { withSignal } from './current-signal.js'
import { runLocally } from './local-command.js'
import { IncompleteInput } from './parse.js'

export type Outcome =
  | { kind: 'value'; value: unknown }
  | { kind: 'error'; error: unknown }
  | { kind: 'interrupted' }
  | { kind: 'incomplete' }

/** The terminal around code that a signal may stop. */
export interface TerminalMode {
  /** Ctrl-C arrives as a signal instead of as a key, until the returned function is called. */
  cooked(): () => void
}

export interface EvaluatorOptions {
  /** Runs a classic script to its end and returns its completion value. Ctrl-C makes it throw. */
  readonly execute: (script: string, file: string) => unknown
  readonly terminal: TerminalMode
  /** Awaited before the first line, for names that are still loading. */
  readonly ready: () => Promise<void> | undefined
  /** An error of a line that was given up before. */
  readonly onLateError: (error: unknown) => void
}

/** `execute` by vm, for sessions without a terminal. */
export function executeIn(context: vm.Context): EvaluatorOptions['execute'] {
  return (script, filename) =>
    new vm.Script(script, { filename }).runInContext(context, { breakOnSigint: true, displayErrors: false })
}

/** How long an interrupted call that watches its signal may take to end what it began, in milliseconds. */
const graceMs = 2_000

/** Evaluates the lines of one session, one at a time. */
export class Evaluator {
  #running: Running | undefined
  #count = 0

  constructor(private readonly options: EvaluatorOptions) {}

  get busy(): boolean {
    return this.#running !== undefined
  }

  /** The line that runs was interrupted and is ending. */
  get interrupted(): boolean {
    return this.#running?.controller.signal.aborted ?? false
  }

  /** Number of the input that is entered next, beginning with 1. */
  get number(): number {
    return this.#count + 1
  }

  /** Never rejects: what the line threw is in the outcome. */
  async run(source: string): Promise<Outcome> {
    if (source.trim() === '') return { kind: 'value', value: undefined }
    const controller = new AbortController()
    const givenUp = deferred()
    const running: Running = { controller, signalUsed: () => false, giveUp: givenUp.resolve }
    this.#running = running
    try {
      const { result: ended, signalUsed } = withSignal(controller, () => this.#outcome(source, controller.signal))
      running.signalUsed = signalUsed
      const outcome = await Promise.race([ended, givenUp.promise])
      if (outcome === undefined) {
        void ended.then((late) => this.#reportLate(late))
        return { kind: 'interrupted' }
      }
      if (outcome.kind === 'incomplete') return outcome
      return controller.signal.aborted && outcome.kind === 'error' ? { kind: 'interrupted' } : outcome
    } finally {
      this.#running = undefined
    }
  }

  /** Ctrl-C while a line runs: aborts its signal and gives the prompt back, at the second time without waiting. */
  interrupt(): void {
    const running = this.#running
    if (!running) return
    const again = running.controller.signal.aborted
    running.controller.abort(new DOMException('Interrupted', 'AbortError'))
    if (again || !running.signalUsed()) running.giveUp()
    else setTimeout(running.giveUp, graceMs).unref()
  }

  async #outcome(source: string, signal: AbortSignal): Promise<Outcome> {
    try {
      const ready = this.options.ready?.()
      if (ready) await ready
      const value = await this.#evaluate(source, signal)
      // Only real promises: asking a lazy proxy for its `then` would wake it.
      return { kind: 'value', value: types.isPromise(value.value) ? await value.value : value.value }
    } catch (error) {
      if (error instanceof IncompleteInput) return { kind: 'incomplete' }
      if (isInterruption(error)) return { kind: 'interrupted' }
      return { kind: 'error', error }
    }
  }

  async #evaluate(source: string, signal: AbortSignal): Promise<{ value: unknown }> {
    if (source.startsWith('!')) {
      this.#count++
      return { value: await runLocally(source.slice(1).trim(), signal, this.options.terminal) }
    }
    const { script, isAsync } = this.#compile(source)
    const value = this.options.execute(script, `REPL${this.#count}`)
    if (!isAsync) return { value }
    return ((await value) as { value: unknown } | undefined) ?? { value: undefined }
  }

  #compile(source: string): CompiledInput {
    try {
      const compiled = compileInput(source)
      this.#count++
      return compiled
    } catch (error) {
      if (!(error instanceof IncompleteInput)) this.#count++
      throw error
    }
  }

  #reportLate(outcome: Outcome): void {
    if (outcome.kind === 'error' && !isAbort(outcome.error)) this.options.onLateError(outcome.error)
  }
}

interface Running {
  readonly controller: AbortController
  signalUsed: () => boolean
  readonly giveUp: () => void
}

function deferred(): { promise: Promise<undefined>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<undefined>((done) => {
    resolve = () => done(undefined)
  })
  return { promise, resolve }
}

/** Ctrl-C during the synchronous part of a line. */
function isInterruption(error: unknown): boolean {
  return types.isNativeError(error) && (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
}

function isAbort(error: unknown): boolean {
  return types.isNativeError(error) && error.name === 'AbortError'
}
