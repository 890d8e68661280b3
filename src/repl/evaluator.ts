import { types } from 'node:util'
import vm from 'node:vm'
import { type CompiledInput, compileInput } from './compile.js'
import { withSignal } from './current-signal.js'
import type { Follow } from './options.js'
import { IncompleteInput } from './parse.js'

export type Outcome =
  | { kind: 'value'; value: unknown }
  | { kind: 'error'; error: unknown }
  | { kind: 'interrupted'; error?: unknown }
  | { kind: 'incomplete' }

export interface EvaluatorOptions {
  /** Runs a classic script to its end and returns its completion value. Ctrl-C makes it throw. */
  readonly execute: (script: string, file: string) => unknown
  /** How a line that is no program is run; undefined when it is one. */
  readonly special: (source: string) => ((signal: AbortSignal) => Promise<unknown>) | undefined
  /** Looks at a program before it is run; throws when it shall not be. */
  readonly check?: (source: string) => Promise<void>
  /** Awaited before the first line, for names that are still loading. */
  readonly ready: () => Promise<void> | undefined
  /** Runs a line's work where a person can follow what it does. */
  readonly follow?: Follow
  /** How long an interrupted line that watches its signal may take to end, in milliseconds; left out: as long as it needs. */
  readonly graceMs?: number
  /** An error of a line that was given up before. */
  readonly onLateError: (error: unknown) => void
}

/** `execute` by vm, for sessions without a terminal. */
export function executeIn(context: vm.Context): EvaluatorOptions['execute'] {
  return (script, filename) =>
    new vm.Script(script, { filename }).runInContext(context, { breakOnSigint: true, displayErrors: false })
}

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
    return this.perform((signal) => this.#evaluate(source, signal))
  }

  /** Runs work that Ctrl-C ends, as a line of its own or as a part of the one that runs. Never rejects. */
  async perform(work: Work): Promise<Outcome> {
    if (this.#running) return this.#outcome(work, this.#running.controller.signal)
    const controller = new AbortController()
    const givenUp = deferred()
    const running: Running = { controller, signalUsed: () => false, giveUp: givenUp.resolve }
    this.#running = running
    try {
      const { follow = (task) => task() } = this.options
      const { result: ended, signalUsed } = withSignal(controller, () =>
        this.#outcome((signal) => follow(() => work(signal), signal), controller.signal),
      )
      running.signalUsed = signalUsed
      const outcome = await Promise.race([ended, givenUp.promise])
      if (outcome === undefined) {
        void ended.then((late) => this.#reportLate(late))
        return { kind: 'interrupted' }
      }
      if (outcome.kind === 'incomplete') return outcome
      return controller.signal.aborted && outcome.kind === 'error'
        ? { kind: 'interrupted', error: outcome.error }
        : outcome
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
    else if (this.options.graceMs !== undefined) setTimeout(running.giveUp, this.options.graceMs).unref()
  }

  async #outcome(work: Work, signal: AbortSignal): Promise<Outcome> {
    try {
      const ready = this.options.ready()
      if (ready) await ready
      return { kind: 'value', value: (await work(signal)).value }
    } catch (error) {
      if (error instanceof IncompleteInput) return { kind: 'incomplete' }
      if (isInterruption(error)) return { kind: 'interrupted' }
      return { kind: 'error', error }
    }
  }

  async #evaluate(source: string, signal: AbortSignal): Promise<{ value: unknown }> {
    const special = this.options.special(source)
    if (special) {
      this.#count++
      return { value: await special(signal) }
    }
    const { script, isAsync } = this.#compile(source)
    if (this.options.check) await this.options.check(source)
    const value = this.options.execute(script, `REPL${this.#count}`)
    if (isAsync) return settled(((await value) as { value: unknown } | undefined)?.value)
    return settled(value)
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

/** Boxed, so that a value with a `then` of its own is not awaited. */
type Work = (signal: AbortSignal) => Promise<{ value: unknown }>

/**
 * Promises are awaited, and lists of nothing else: `nodes.map((node) => node.ssh.execute('uptime'))`.
 * Only real ones: asking a lazy proxy for its `then` would wake it.
 */
async function settled(value: unknown): Promise<{ value: unknown }> {
  if (types.isPromise(value)) return { value: await value }
  const isList = Array.isArray(value) && value.length > 0 && value.every(types.isPromise)
  return { value: isList ? await Promise.all(value) : value }
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

/** Ctrl-C while code ran that keeps the event loop. */
export function isInterruption(error: unknown): boolean {
  return types.isNativeError(error) && (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
}

function isAbort(error: unknown): boolean {
  return types.isNativeError(error) && error.name === 'AbortError'
}
