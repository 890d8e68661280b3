import { inspect } from 'node:util'
import type vm from 'node:vm'
import { bindNames } from './context.js'

/** How many values are kept, so that a long session does not keep everything it ever showed. */
const kept = 1_000

/** What earlier lines were and gave, at the prompt: `_`, `_error`, `In[n]` and `Out[n]` for the [n] of the prompt. */
export class Results {
  readonly #inputs = new Numbered<string>()
  readonly #values = new Numbered<unknown>()
  #last: unknown
  #lastError: unknown

  bind(context: vm.Context): void {
    const read = (get: () => unknown): PropertyDescriptor => ({ get, enumerable: true })
    bindNames(
      context,
      Object.defineProperties(
        {},
        {
          _: read(() => this.#last),
          _error: read(() => this.#lastError),
          In: read(() => this.#inputs),
          Out: read(() => this.#values),
        },
      ),
    )
  }

  addInput(number: number, source: string): void {
    this.#inputs.add(number, source)
  }

  /** undefined is no result, nor are the results themselves: `_` stays what it was. */
  addValue(number: number, value: unknown): void {
    if (value === undefined || value instanceof Numbered) return
    this.#last = value
    this.#values.add(number, value)
  }

  addError(error: unknown): void {
    this.#lastError = error
  }

  /** Inputs with their numbers, oldest first. */
  inputs(): [number, string][] {
    return Object.entries(this.#inputs).map(([number, source]) => [Number(number), source])
  }
}

/** Values under the numbers of their prompts. */
class Numbered<T> {
  [number: number]: T

  add(number: number, value: T): void {
    this[number] = value
    delete this[number - kept]
  }

  [inspect.custom](_depth: number, options: object): string {
    const shown = Object.entries(this).map(([number, value]) => {
      const text = typeof value === 'string' ? value : inspect(value, { ...options, depth: 1 })
      return `[${number}] ${text.replaceAll('\n', `\n${' '.repeat(number.length + 3)}`)}`
    })
    return shown.join('\n')
  }
}
