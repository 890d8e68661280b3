import { types } from 'node:util'
import vm from 'node:vm'
import type { ShellCommand } from './commands/index.js'
import { bindImport, bindLoopGuard, bindNames } from './context.js'
import { Evaluator, type EvaluatorOptions, type Outcome } from './evaluator.js'
import { formatError, isError, withoutOwnFrames } from './format-error.js'
import { inspectValue } from './inspect-value.js'
import type { ShellOptions } from './options.js'
import { Results } from './results.js'
import { isExpected } from './shell-error.js'
import { specialInputs } from './special-input.js'
import type { TerminalMode } from './terminal-mode.js'
import type { LazyLineTypes, LineTypes } from './types.js'

export interface SessionIo {
  readonly write: (text: string) => void
  readonly writeError: (text: string) => void
  readonly color: boolean
  readonly terminal: TerminalMode
  /** Width for what is printed. */
  readonly columns: () => number
  readonly execute: EvaluatorOptions['execute']
  /** Called at each round of a loop that `execute` cannot stop; throws to end it. */
  readonly loopGuard: () => void
}

/** One run of the shell, in a terminal or not: names, evaluation and printing. */
export class Session {
  readonly evaluator: Evaluator
  /** Programs that were evaluated without an error, oldest first; `.type` reads the user's names from them. */
  readonly inputs: string[] = []
  readonly results = new Results()
  /** Some command on a machine ended with a failure, which is an answer and no error. */
  commandFailed = false
  /** The promises of lines, and the program's own. */
  readonly #promises: readonly object[]
  /** What to do about the last error. */
  #advice: { readonly error: unknown; readonly text: string | undefined } | undefined
  #loading: Promise<void> | undefined
  #types: Promise<LazyLineTypes> | undefined

  constructor(
    readonly options: ShellOptions,
    readonly context: vm.Context,
    readonly io: SessionIo,
  ) {
    bindNames(context, options.context)
    bindImport(context, options.importModule, options.directory)
    bindLoopGuard(context, io.loopGuard)
    this.results.bind(context)
    this.#promises = [Promise.prototype, vm.runInContext('Promise.prototype', context)]
    this.evaluator = new Evaluator({
      execute: io.execute,
      special: (line) => {
        const found = specialInputs.find(({ matches }) => matches(line))
        return found && ((signal) => found.run(line.trimEnd(), this, signal))
      },
      ready: () => this.#loading,
      ...(options.typecheck ? { check: async (source) => (await this.types(source)).check(source, this.inputs) } : {}),
      ...(options.follow ? { follow: options.follow } : {}),
      // Who waits at a prompt wants it back; without one nothing is cut short that puts things in order.
      ...(io.terminal.isOne ? { graceMs: 2_000 } : {}),
      onLateError: (error) => this.printError(error),
    })
  }

  /** Loads the modules' namespaces; lines entered meanwhile wait for them. Never rejects. */
  load(): Promise<void> {
    this.#loading = this.#loadModules().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async run(source: string): Promise<Outcome> {
    const { number } = this.evaluator
    const outcome = await this.evaluator.run(source)
    if (outcome.kind === 'incomplete' || source.trim() === '') return outcome
    this.results.addInput(number, source.trimEnd())
    if (outcome.kind === 'value') {
      if (!specialInputs.some(({ matches }) => matches(source))) this.inputs.push(source)
      this.results.addValue(number, outcome.value)
    }
    if (outcome.kind === 'error') this.results.addError(outcome.error)
    await this.#advise(outcome, source)
    return outcome
  }

  async #advise(outcome: Outcome, source: string): Promise<void> {
    if (outcome.kind === 'error') {
      const { error } = outcome
      if (!types.isNativeError(error) || (isExpected(error) && error.code !== 'MissingArgument')) return
      const { adviseOnError } = await import('./advice.js')
      this.#advice = { error, text: await adviseOnError(error, source, this).catch(() => undefined) }
    }
    if (outcome.kind === 'value' && outcome.value === undefined && this.io.terminal.isOne) {
      const { adviseOnNothing } = await import('./advice.js')
      const advice = adviseOnNothing(source, this)
      if (advice) this.say(`undefined: ${advice}`)
    }
  }

  /** What TypeScript says of a line, loaded at the first call. */
  async types(line: string): Promise<LineTypes> {
    this.#types ??= import('./types.js').then(
      ({ LazyLineTypes }) => new LazyLineTypes(this.options.types, (name) => this.knows(name)),
    )
    return (await this.#types).for([line, ...this.inputs])
  }

  /** Ctrl-C ends it like a line. What it throws is in the outcome. */
  command({ run }: ShellCommand, argument: string): Promise<Outcome> {
    return this.evaluator.perform(async (signal) => ({ value: await run(argument, this, signal) }))
  }

  /** As a line of its own; nothing for undefined. */
  async print(value: unknown): Promise<void> {
    if (value === undefined) return
    const rendered = await this.evaluator.perform(async (signal) => ({ value: await this.#render(value, signal) }))
    if (rendered.kind === 'value') this.io.write(`${this.#public(String(rendered.value))}\n`)
    if (rendered.kind === 'error') this.printError(rendered.error)
  }

  /** Text as it is, as lines of its own. */
  say(text: string): void {
    this.io.write(`${this.#public(text)}\n`)
  }

  /** What an expression is, for help and completion; undefined for half-typed text and what takes too long. */
  glance(expression: string): unknown {
    try {
      return vm.runInContext(expression, this.context, { timeout: 250, displayErrors: false })
    } catch {
      return undefined
    }
  }

  /** A global name exists, whatever its value. */
  knows(name: string): boolean {
    return name in this.context
  }

  /** What was given up, when that says what is left of it and how to go on. */
  printInterruption(error: unknown): void {
    if (isExpected(error) && error.code.startsWith('Cancelled')) this.printError(error)
  }

  printError(error: unknown): void {
    const { error: advised, text } = this.#advice ?? {}
    const advice = advised === error && text ? `\n    ${text}` : ''
    this.io.writeError(`${this.#public(formatError(error, { color: this.io.color }) + advice)}\n`)
  }

  async #render(value: unknown, signal: AbortSignal): Promise<string> {
    const { color } = this.io
    if (isError(value)) return formatError(value, { color })
    const text = await this.options.present?.(value, { color, columns: this.io.columns() }, signal)
    return text ?? withoutOwnFrames(inspectValue(value, this.#promises, { colors: color, depth: 4 }))
  }

  #public(text: string): string {
    return this.options.withoutSecrets?.(text) ?? text
  }

  async #loadModules(): Promise<void> {
    const wanted = (this.options.modules ?? []).filter(({ name }) => !(name in this.options.context))
    for (const { name, load } of wanted) {
      try {
        bindNames(this.context, { [name]: await load() })
      } catch (error) {
        this.io.writeError(`!!! ERROR - Module ${name} cannot be imported\n`)
        this.printError(error)
      }
    }
  }
}
