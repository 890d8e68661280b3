import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { stripVTControlCharacters } from 'node:util'
import { program } from './measure.mjs'

/** A program in a real terminal, which `script` of util-linux makes. Times are when this process saw the text. */
export class Terminal {
  #child
  #closed
  #seen = ''

  /** @param argv the program and its arguments, none of which needs quotes */
  constructor(argv, env, cwd) {
    this.started = performance.now()
    this.#child = spawn('script', ['-qfec', `exec ${argv.join(' ')}`, '/dev/null'], {
      env: { ...env, SHELL: '/bin/sh' },
      cwd,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#child.stdin.on('error', () => undefined) // keys typed after its end
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      this.#seen += text
      this.#child.emit('shown')
    })
    this.#closed = once(this.#child, 'close').then(() => {
      this.ended = true
      this.#child.emit('shown')
    })
  }

  /** The development shell, at its prompt. */
  static async shell(env, ...args) {
    const terminal = new Terminal([process.execPath, program, 'shell', ...args], env)
    await terminal.mustShow('|1> ')
    return terminal
  }

  /** What was shown since it was last forgotten, without colours and cursor movements. */
  get seen() {
    return stripVTControlCharacters(this.#seen)
  }

  type(keys) {
    this.#child.stdin.write(keys)
  }

  /** What is shown from now on is looked at, nothing before. */
  forget() {
    this.#seen = ''
  }

  /** Waits until a text is shown. -> when, undefined: not in time */
  async shows(text, timeoutMs = 30_000) {
    const late = AbortSignal.timeout(timeoutMs)
    while (!this.seen.includes(text)) {
      if (late.aborted || this.ended) return undefined
      await once(this.#child, 'shown', { signal: late }).catch(() => undefined)
    }
    return performance.now()
  }

  /** @throws Error with all that was shown instead */
  async mustShow(text, timeoutMs) {
    const when = await this.shows(text, timeoutMs)
    if (when === undefined) throw new Error(`${JSON.stringify(text)} was not shown, but:\n${this.seen}`)
    return when
  }

  /** Types a line; -> ms from the Enter key until `answer`, which is not part of the line, is shown. */
  async enter(line, answer) {
    this.forget()
    this.type(line)
    await this.mustShow(line)
    this.forget()
    const begin = performance.now()
    this.type('\r')
    return (await this.mustShow(answer)) - begin
  }

  /** Types what ends the program and waits for its end. */
  async end(keys) {
    this.type(keys)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await this.#closed
    clearTimeout(timer)
  }
}

/** Ends the development shell from any line. */
export const END_OF_SHELL = '\x15.exit\r'

/** ms from the start of a program in a terminal to its prompt. */
export async function untilPrompt({ argv, prompt, end }, env) {
  const terminal = new Terminal(argv, env)
  try {
    return (await terminal.mustShow(prompt)) - terminal.started
  } finally {
    await terminal.end(end)
  }
}

export const developmentShell = { argv: [process.execPath, program, 'shell'], prompt: '|1> ', end: END_OF_SHELL }

/** ms from the Tab key to the text that completes a line: the first time in this shell, and the median of 7 later. */
export async function tabTimes(terminal, line, rest) {
  const press = async (timeoutMs) => {
    terminal.type('\x15')
    terminal.forget()
    terminal.type(line)
    await terminal.mustShow(line)
    terminal.forget()
    const begin = performance.now()
    terminal.type('\t')
    const shown = await terminal.shows(rest, timeoutMs)
    return shown && shown - begin
  }
  // The shell abandons an answer that takes long and has it at a later Tab: a person presses it again.
  const first = performance.now()
  for (let i = 0; (await press(300)) === undefined; i++) if (i > 60) throw new Error(`Tab did not complete ${line}`)
  const cold = performance.now() - first
  const warm = []
  for (let i = 0; i < 7; i++) warm.push((await press(2_000)) ?? Number.POSITIVE_INFINITY)
  terminal.type('\x15')
  return { cold, warm: warm.sort((a, b) => a - b)[3] }
}
