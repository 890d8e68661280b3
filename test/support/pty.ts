import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

export interface PtyOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly columns?: number
  readonly rows?: number
}

const deadlineMs = 60_000

/** A program in a real terminal (util-linux `script`), driven by what it shows. */
export class Pty {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #exited: Promise<number>
  readonly #watchers = new Set<() => void>()
  #shown = ''
  #read = 0
  #status: number | undefined

  /** @param argv the program and its arguments, not interpreted by a shell */
  constructor(argv: readonly string[], { env = process.env, cwd, columns = 120, rows = 40 }: PtyOptions = {}) {
    const command = `stty cols ${columns} rows ${rows}; exec ${argv.map(quote).join(' ')}`
    this.#child = spawn('script', ['-qfec', command, '/dev/null'], {
      env: { TERM: 'xterm', ...env, SHELL: '/bin/sh' },
      cwd,
    })
    this.#child.stdin.on('error', () => undefined) // keys typed after its end
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#shown += text
        for (const look of this.#watchers) look()
      })
    }
    this.#exited = new Promise((resolve) =>
      this.#child.once('close', (code) => {
        this.#status = code ?? -1
        for (const look of this.#watchers) look()
        resolve(this.#status)
      }),
    )
  }

  /** All that was shown so far, without colours and cursor movements. */
  get text(): string {
    return stripVTControlCharacters(this.#shown).replaceAll('\r', '')
  }

  /** The same as the terminal got it. */
  get raw(): string {
    return this.#shown
  }

  type(keys: string): this {
    this.#child.stdin.write(keys)
    return this
  }

  /** A line and the Enter key. */
  enter(line: string): this {
    return this.type(`${line}\r`)
  }

  ctrlC(): this {
    return this.type('\x03')
  }

  /**
   * Waits until the pattern appears in what was shown since the last `sees`, and reads up to its end.
   * @throws Error with the whole screen when it does not appear in time or the program ends before
   */
  async sees(pattern: string | RegExp, timeoutMs = deadlineMs): Promise<RegExpExecArray> {
    const regex = typeof pattern === 'string' ? new RegExp(escapeRegExp(pattern)) : pattern
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = regex.exec(this.text.slice(this.#read))
        if (match) {
          this.#read += match.index + match[0].length
          stop()
          resolve(match)
        } else if (this.#status !== undefined) fail(`ended with status ${this.#status}`)
      }
      const fail = (why: string): void => {
        stop()
        reject(
          new Error(
            `${regex} was not shown: ${why}. Since the last match:\n${this.text.slice(this.#read)}\n--- all:\n${this.text}`,
          ),
        )
      }
      const timer = setTimeout(() => fail(`not within ${timeoutMs} ms`), timeoutMs)
      const stop = (): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
      }
      this.#watchers.add(look)
      look()
    })
  }

  /**
   * Presses Tab where it has nothing to offer in time: nothing is shown, and keys typed after it are, at once. It is sent
   * alone, for a Tab that is read together with other keys is pasted text.
   */
  async tabSaysNothing(): Promise<void> {
    this.type('\t')
    const shown = await this.sees(/[\s\S]+/, 400).catch(() => undefined)
    if (shown) throw new Error(`Tab showed ${JSON.stringify(shown[0])}`)
    this.type('typed on')
    await this.sees(/^typed on/, 3_000)
  }

  /** The program's exit status. */
  async exit(timeoutMs = deadlineMs): Promise<number> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`still running after ${timeoutMs} ms:\n${this.text}`)), timeoutMs)
    })
    return Promise.race([this.#exited, late]).finally(() => clearTimeout(timer))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#status === undefined) this.#child.kill('SIGKILL') // the terminal goes away: the program gets SIGHUP
    await this.#exited
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
