import { homedir } from 'node:os'
import repl, { type REPLServer } from 'node:repl'
import type { ReadStream, WriteStream } from 'node:tty'
import { NoSuchCommand, shellCommands } from './commands/index.js'
import type { Completion } from './complete/completer.js'
import { executeIn, isInterruption, type Outcome } from './evaluator.js'
import { History } from './history.js'
import { InterruptKey } from './interrupt-key.js'
import { LineQueue } from './line-queue.js'
import type { ShellOptions } from './options.js'
import { collectPastes, type PastedLine, splitPaste } from './paste.js'
import { surviving } from './process-events.js'
import { renderPrompt } from './prompt.js'
import { Session } from './session.js'
import { specialInputs } from './special-input.js'
import { EditorTerminal } from './terminal-mode.js'

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
  readonly #lines: LineQueue<PastedLine>
  readonly #terminal: EditorTerminal
  readonly #history: History
  /** The server's own answer to Ctrl-C at the prompt. */
  readonly #onIdleInterrupt: () => void
  #isClosed = false
  /** The block that is being pasted goes on behind the line that is entered now. */
  #pasting = false
  /** What was entered last goes on. */
  #inStatement = false
  /** The line being evaluated is not the last of its block. */
  #more = false

  constructor(
    private readonly options: ShellOptions,
    input: ReadStream,
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
      preview: false, // it would show secrets, and ask the completer at every key
    })
    this.#server = server
    this.#terminal = new EditorTerminal(input, output)
    const execute = executeIn(server.context)
    this.#session = new Session(options, server.context, {
      write: (text) => output.write(text),
      writeError: (text) => output.write(text),
      color,
      terminal: this.#terminal,
      columns: () => output.columns || 80,
      execute: (script, file) => this.#interruptKey.duringScript(() => execute(script, file)),
      loopGuard: () => this.#interruptKey.check(),
    })
    this.#history = new History(options.historyFile)
    const { history } = server as unknown as { history: string[] } // newest first; its types leave it out
    history.push(...this.#history.load())
    this.#lines = this.#queueLines()
    this.#onIdleInterrupt = server.listeners('SIGINT')[0] as () => void
    server.removeAllListeners('SIGINT').on('SIGINT', () => this.interrupt())
    this.#interruptKey = new InterruptKey(input, () => this.#interruptLine())
    collectPastes(input, (text) => this.#paste(text))
    this.#evaluateWithOurs()
    this.#completeWithOurs()
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
    if (this.#terminal.interruptsAreTheirs) return
    this.#lines.clear()
    this.#inStatement = false
    if (this.#session.evaluator.busy) this.#session.evaluator.interrupt()
    else this.#onIdleInterrupt.call(this.#server)
  }

  #interruptLine(): void {
    const { evaluator } = this.#session
    this.#lines.clear()
    if (evaluator.busy && !evaluator.interrupted) evaluator.interrupt()
  }

  reportUnhandled(error: unknown): void {
    if (isInterruption(error)) return // a callback's loop, ended by Ctrl-C
    this.output.write('\n')
    this.#session.printError(error)
    if (!this.#isClosed && !this.#session.evaluator.busy) this.#server.displayPrompt(true)
  }

  /** Node's server would start the second of two pasted lines before the first is done. */
  #queueLines(): LineQueue<PastedLine> {
    const handlers = this.#server.listeners('line') as ((line: string) => void)[]
    const queue = new LineQueue<PastedLine>(({ text, more }) => {
      this.#more = more
      if (!this.#refusesCommand(text)) for (const handler of handlers) handler.call(this.#server, text)
    })
    this.#server.removeAllListeners('line').on('line', (line) => {
      this.#history.add(line)
      queue.push({ text: line, more: this.#pasting })
    })
    return queue
  }

  /** Node's server would only say that the keyword is invalid. */
  #refusesCommand(line: string): boolean {
    const name = /^\s*\.([a-z]\w*)/i.exec(line)?.[1]
    if (name === undefined || this.#more || this.#inStatement || name in this.#server.commands) return false
    this.#session.printError(new NoSuchCommand(name, Object.keys(this.#server.commands)))
    this.#server.displayPrompt()
    return true
  }

  #paste(text: string): void {
    const { lines, rest } = splitPaste(text, (line) => !isCommand(line) && !specialInputs.some((s) => s.matches(line)))
    for (const line of lines) {
      this.#pasting = line.more
      this.#server.write(`${line.text}\n`)
    }
    this.#pasting = false
    if (rest !== '') this.#server.write(rest)
  }

  #evaluateWithOurs(): void {
    const evaluate: repl.REPLEval = (source, _context, _file, done) => {
      if (!this.#lines.feeding)
        done(null, this.#session.glance(source)) // the completer asks
      else if (this.#more) {
        this.#inStatement = true
        done(incomplete(), undefined)
      } else this.#lines.hold(this.#evaluate(source, done))
    }
    // Assigned later: given as an option it would run in a domain, which takes errors from the line they belong to.
    Object.assign(this.#server, { eval: evaluate })
  }

  #completeWithOurs(): void {
    type Completer = (line: string, done: (error: Error | null, result?: Completion) => void) => void
    const server = this.#server as unknown as { completer: Completer }
    const ofNode = server.completer
    const names = (line: string) =>
      new Promise<Completion>((resolve, reject) =>
        ofNode.call(server, line, (error, result) => (error ? reject(error) : resolve(result ?? [[], '']))),
      )
    server.completer = (line, done) => {
      const completed = import('./complete/completer.js').then(({ complete }) => complete(line, this.#session, names))
      completed.then((result) => done(null, result), done)
    }
  }

  async #evaluate(source: string, done: (error: Error | null, ...result: [unknown?]) => void): Promise<void> {
    if (/^(exit|quit)(\(\))?;?\s*$/.test(source) && !(source.trim().slice(0, 4) in this.#server.context)) {
      return void this.#server.close()
    }
    const ended = this.#interruptKey.watch()
    const outcome = await this.#show(this.#session.run(source)).finally(ended)
    if (this.#isClosed) return
    this.#numberPrompt()
    this.#inStatement = outcome === 'incomplete'
    if (this.#inStatement) return done(incomplete(), undefined)
    done(null)
  }

  async #show(running: Promise<Outcome>): Promise<Outcome['kind']> {
    const outcome = await running
    if (this.#isClosed) return outcome.kind
    if (outcome.kind === 'interrupted') {
      this.output.write('Interrupted\n')
      this.#session.printInterruption(outcome.error)
    }
    if (outcome.kind === 'error') this.#session.printError(outcome.error)
    if (outcome.kind === 'value') await this.#session.print(outcome.value)
    return outcome.kind
  }

  #defineCommands(): void {
    const { break: leave } = this.#server.commands
    // Node's would put an empty context in the place of ours.
    if (leave) this.#server.defineCommand('clear', { help: 'The same as .break', action: leave.action })
    for (const command of shellCommands) {
      this.#server.defineCommand(command.name, {
        help: command.help,
        action: (argument) => {
          this.#server.clearBufferedCommand()
          this.#inStatement = false
          const ended = this.#interruptKey.watch()
          const work = this.#show(this.#session.command(command, argument)).finally(() => {
            ended()
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

  async #close(): Promise<void> {
    this.#isClosed = true
    this.#terminal.close()
    this.#lines.clear()
    this.#session.evaluator.interrupt()
    await this.#lines.idle()
    await this.#interruptKey.close()
  }
}

/** Makes the server ask for another line. */
function incomplete(): repl.Recoverable {
  return new repl.Recoverable(new SyntaxError('incomplete'))
}

function isCommand(line: string): boolean {
  return /^\.[a-z]+(\s|$)/.test(line)
}
