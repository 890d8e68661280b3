import { createInterface } from 'node:readline/promises'
import { StarClusterError } from '../index.js'

/** An answer was needed where nobody can be asked, or who was asked went away. */
export class AnswerNeeded extends StarClusterError {
  readonly code = 'AnswerNeeded'
}

/** Asks a person at the terminal, one question after the other. */
export class Questions implements Disposable {
  private readonly prompt = createInterface({ input: process.stdin, output: process.stderr })
  private readonly closed: Promise<never>

  constructor(private readonly signal: AbortSignal) {
    // readline takes Ctrl-C for itself while it reads; it means the same here as everywhere.
    this.prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    this.closed = new Promise((_, reject) =>
      this.prompt.once('close', () => reject(new AnswerNeeded('no answer was given; nothing was done'))),
    )
    this.closed.catch(() => undefined)
  }

  /** The answer without blanks around; `fallback` for an empty one. Asks again while `wrong` says why it will not do. */
  async ask(question: string, fallback = '', wrong?: (answer: string) => string | undefined): Promise<string> {
    for (;;) {
      const shown = fallback === '' ? question : `${question} [${fallback}]`
      const answer = await Promise.race([this.prompt.question(`${shown}: `, { signal: this.signal }), this.closed])
      const value = answer.trim() || fallback
      const why = wrong?.(value)
      if (why === undefined) return value
      process.stderr.write(`    ${why}\n`)
    }
  }

  [Symbol.dispose](): void {
    this.prompt.close()
  }
}
