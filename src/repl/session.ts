import { inspect } from 'node:util'
import type vm from 'node:vm'
import { bindImport, bindNames } from './context.js'
import { Evaluator, type EvaluatorOptions, type Outcome, type TerminalMode } from './evaluator.js'
import { formatError } from './format-error.js'
import type { ShellOptions } from './options.js'

export interface SessionIo {
  readonly write: (text: string) => void
  readonly writeError: (text: string) => void
  readonly color: boolean
  readonly terminal: TerminalMode
  readonly execute: EvaluatorOptions['execute']
}

/** One run of the shell, in a terminal or not: names, evaluation and printing. */
export class Session {
  readonly evaluator: Evaluator
  /** Inputs that were evaluated without an error, oldest first; `.type` reads the user's names from them. */
  readonly inputs: string[] = []
  #loading: Promise<void> | undefined

  constructor(
    readonly options: ShellOptions,
    readonly context: vm.Context,
    readonly io: SessionIo,
  ) {
    bindNames(context, options.context)
    bindImport(context, options.importModule)
    this.evaluator = new Evaluator({
      execute: io.execute,
      terminal: io.terminal,
      ready: () => this.#loading,
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
    const outcome = await this.evaluator.run(source)
    if (outcome.kind === 'value' && source.trim() !== '') this.inputs.push(source)
    return outcome
  }

  /** As a line of its own; nothing for undefined. */
  print(value: unknown): void {
    if (value !== undefined) this.io.write(`${this.render(value)}\n`)
  }

  render(value: unknown): string {
    return inspect(value, { colors: this.io.color, depth: 4 })
  }

  printError(error: unknown): void {
    this.io.writeError(`${formatError(error, { color: this.io.color })}\n`)
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
