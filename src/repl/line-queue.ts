/** Hands lines on one at a time: pasted and piped lines arrive at once, each must see what the one before it did. */
export class LineQueue<Line> {
  readonly #waiting: Line[] = []
  readonly #onIdle: (() => void)[] = []
  #current: Promise<unknown> | undefined
  #feeding = false

  /** @param feed handles one line at once, or calls `hold` with a promise for the rest of its work */
  constructor(private readonly feed: (line: Line) => void) {}

  /** True while `feed` is on the stack. */
  get feeding(): boolean {
    return this.#feeding
  }

  push(line: Line): void {
    this.#waiting.push(line)
    this.#next()
  }

  /** The line being fed is not done before `work` is settled. */
  hold(work: Promise<unknown>): void {
    const current = Promise.allSettled([work])
    this.#current = current
    void current.then(() => {
      if (this.#current === current) this.#current = undefined
      this.#next()
    })
  }

  /** Forgets lines that were typed ahead. */
  clear(): void {
    this.#waiting.length = 0
  }

  /** Resolves when nothing is running or waiting. */
  idle(): Promise<void> {
    if (!this.#current && this.#waiting.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  #next(): void {
    while (!this.#current && !this.#feeding && this.#waiting.length > 0) {
      this.#feeding = true
      try {
        this.feed(this.#waiting.shift()!)
      } finally {
        this.#feeding = false
      }
    }
    if (!this.#current && this.#waiting.length === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
