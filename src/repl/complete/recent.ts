interface Known<T> {
  value: T | undefined
  /** When `value` came, by `Date.now()`. */
  at: number
  asking: Promise<T> | undefined
}

export interface RecentOptions {
  /** An answer this old is asked for anew, in milliseconds; until that has come it still serves. */
  readonly freshMs: number
  /** How long somebody waits for a first answer. */
  readonly patienceMs: number
  /** When a question is given up. */
  readonly deadlineMs: number
}

/** Answers to questions that may be slow, for somebody who is in a hurry: late ones serve the next time. */
export class Recent<T> {
  readonly #known = new Map<string, Known<T>>()

  constructor(private readonly options: RecentOptions) {}

  /** The answer, an older one when that has not come in time, or undefined. Failures are no answer. Never rejects. */
  async get(question: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const known = this.#known.get(question) ?? { value: undefined, at: 0, asking: undefined }
    this.#known.set(question, known)
    if (known.value !== undefined && Date.now() - known.at < this.options.freshMs) return known.value
    known.asking ??= this.#ask(known, ask)
    const asking = known.asking.catch(() => undefined)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.options.patienceMs)
    })
    const answer = await Promise.race([asking, late]).finally(() => clearTimeout(timer))
    return answer ?? known.value
  }

  async #ask(known: Known<T>, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, end } = deadline(this.options.deadlineMs)
    const given = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
    try {
      known.value = await Promise.race([ask(signal), given])
      known.at = Date.now()
      return known.value
    } finally {
      known.asking = undefined
      end()
    }
  }
}

/** Unlike `AbortSignal.timeout`, it does not outlive its use. */
function deadline(ms: number): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DOMException('Too late', 'TimeoutError')), ms)
  timer.unref()
  return { signal: controller.signal, end: () => clearTimeout(timer) }
}
