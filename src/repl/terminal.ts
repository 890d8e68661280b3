import { homedir } from 'node:os'
import repl, { type REPLServer } from 'node:repl'
import type { ReadStream, WriteStream } from 'node:tty'
import vm from 'node:vm'
import { shellCommands } from './commands.js'
import { executeIn } from './evaluator.js'
import { History } from './history.js'
import { InterruptKey } from './interrupt-key.js'
import { LineQueue } from './line-queue.js'
import type { ShellOptions } from './options.js'
import { surviving } from './process-events.js'
import { renderPrompt } from './prompt.js'
import { Session } from './session.js'

/** The shell in a terminal: Node's own line editor, prompt, Tab and preview around our evaluation. */
export async function runInTerminal(options: ShellOptions, input: ReadStream, output: WriteStream): Promise<number> {
  if (options.banner) output.write(`${options.banner}\n`)
  for (const { name } of options.modules ?? []) output.write(`>>> Importing module ${name}\n`)
  const shell = new TerminalShell(options, input, output)
  const events = { error: (e: unknown) => shell.reportUnhandled(e), interrupt: () => shell.interrupt() }
  await surviving(events, () => {
    setImmediate(() => shell.warm())
    return shell.closed
  })
  return 0
}

class TerminalShell {
  readonly closed: Promise<void>
  readonly #server: REPLServer
  readonly #interruptKey: InterruptKey
  readonly #session: Session
  readonly #lines: LineQueue
  readonly #history: History
  /** The server's own answer to Ctrl-C at the prompt. */
  readonly #onIdleInterrupt: () => void
  #isClosed = false

  constructor(
    private readonly options: ShellOptions,
    private readonly input: ReadStream,
    private readonly output: WriteStream,
  ) {
    const env = options.env ?? process.env
    const color = !env.NO_COLOR && output.hasColors()
    const server = repl.start({
      prompt: renderPrompt(process.cwd(), homedir(), 1),
      input,
      output,
      terminal: true,
      useColors: color,
      ignoreUndefined: true,
      preview: color, // without colours a preview looks like typed text
      writer: (value) => this.#session.render(value),
    })
    this.#server = server
    this.#session = new Session(options, server.context, {
      write: (text) => output.write(text),
      writeError: (text) => output.write(text),
      color,
      terminal: { cooked: () => this.#cooked() },
      execute: executeIn(server.context),
    })
    this.#history = new History(options.historyFile)
    history(server).push(...this.#history.load())
    this.#lines = this.#queueLines()
    this.#onIdleInterrupt = server.listeners('SIGINT')[0] as () => void
    server.removeAllListeners('SIGINT').on('SIGINT', () => this.interrupt())
    this.#interruptKey = new InterruptKey(input, () => this.#interruptLine())
    this.#evaluateWithOurs()
    this.#defineCommands()
    this.closed = new Promise((resolve) => server.once('exit', () => resolve(this.#close())))
  }

  /** After the prompt is shown: what makes the first line quick. */
  async warm(): Promise<void> {
    await this.#session.load()
    try {
      await this.options.warm?.()
    } catch (error) {
      this.reportUnhandled(error)
    }
  }

  /** Ctrl-C: ends what runs, else clears the line, else leaves at the second time. */
  interrupt(): void {
    this.#lines.clear()
    if (this.#session.evaluator.busy) this.#session.evaluator.interrupt()
    else this.#onIdleInterrupt.call(this.#server)
  }

  #interruptLine(): void {
    const { evaluator } = this.#session
    this.#lines.clear()
    if (evaluator.busy && !evaluator.interrupted) evaluator.interrupt()
  }

  reportUnhandled(error: unknown): void {
    this.output.write('\n')
    this.#session.printError(error)
    if (!this.#isClosed && !this.#session.evaluator.busy) this.#server.displayPrompt(true)
  }

  /** Node's server would start the second of two pasted lines before the first is done. */
  #queueLines(): LineQueue {
    const handlers = this.#server.listeners('line') as ((line: string) => void)[]
    const queue = new LineQueue((line) => {
      for (const handler of handlers) handler.call(this.#server, line)
    })
    this.#server.removeAllListeners('line').on('line', (line) => {
      this.#history.add(line)
      queue.push(line)
    })
    return queue
  }

  #evaluateWithOurs(): void {
    const evaluate: repl.REPLEval = (source, _context, _file, done) => {
      if (this.#lines.feeding) this.#lines.hold(this.#evaluate(source, done))
      else done(null, this.#glance(source))
    }
    // Assigned later: given as an option it would run in a domain, which takes errors from the line they belong to.
    Object.assign(this.#server, { eval: evaluate })
  }

  async #evaluate(source: string, done: (error: Error | null, ...result: [unknown?]) => void): Promise<void> {
    if (/^(exit|quit)(\(\))?;?\s*$/.test(source) && !(source.trim().slice(0, 4) in this.#server.context)) {
      return void this.#server.close()
    }
    const ended = this.#interruptKey.watch()
    const outcome = await this.#session.run(source).finally(ended)
    if (this.#isClosed) return
    this.#numberPrompt()
    if (outcome.kind === 'incomplete') return done(new repl.Recoverable(new SyntaxError('incomplete')))
    if (outcome.kind === 'value') return done(null, outcome.value)
    if (outcome.kind === 'interrupted') this.output.write('Interrupted\n')
    if (outcome.kind === 'error') {
      this.#session.printError(outcome.error)
      Object.assign(this.#server, { lastError: outcome.error })
    }
    done(null)
  }

  /** The completer asks through `eval` what an expression is. */
  #glance(source: string): unknown {
    try {
      return vm.runInContext(source, this.#server.context, { timeout: 250, displayErrors: false })
    } catch {
      return undefined // half-typed text and slow getters simply complete to nothing
    }
  }

  #defineCommands(): void {
    for (const { name, help, run } of shellCommands) {
      this.#server.defineCommand(name, {
        help,
        action: (argument) => {
          this.#server.clearBufferedCommand()
          const work = run(argument, this.#session)
            .catch((error) => this.#session.printError(error))
            .then(() => {
              this.#numberPrompt()
              if (!this.#isClosed) this.#server.displayPrompt()
            })
          this.#lines.hold(work)
        },
      })
    }
  }

  #numberPrompt(): void {
    this.#server.setPrompt(renderPrompt(process.cwd(), homedir(), this.#session.evaluator.number))
  }

  #cooked(): () => void {
    const wasRaw = this.input.isRaw
    if (wasRaw) this.input.setRawMode(false)
    return () => {
      if (wasRaw && !this.#isClosed) this.input.setRawMode(true)
    }
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    this.#lines.clear()
    this.#session.evaluator.interrupt()
    await this.#lines.idle()
    await this.#interruptKey.close()
  }
}

/** Newest first; readline's own list, which its types leave out. */
function history(server: REPLServer): string[] {
  return (server as unknown as { history: string[] }).history
}
