import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { NoSuchCommand, shellCommands } from './commands/index.js'
import { createContext } from './context.js'
import { executeIn, type Outcome } from './evaluator.js'
import type { ShellOptions } from './options.js'
import { surviving, watchProcess } from './process-events.js'
import { Session } from './session.js'
import { noTerminal } from './terminal-mode.js'

/** Evaluates the lines of a pipe in order; results to `output`, errors to `errorOutput`. @returns the status as of `runCode` */
export async function runPiped(options: ShellOptions, input: Readable, output: Writable): Promise<number> {
  const session = await openSession(options, output)
  let failed = false
  const error = (e: unknown): void => {
    failed = true
    session.printError(e)
  }
  const events = { error, interrupt: () => interruptOrExit(session) }
  const interrupted = await surviving(events, () => readLines(session, input, error))
  return interrupted ? 130 : status(failed || session.commandFailed)
}

type OnError = (error: unknown) => void

/** @returns true when one of the lines was interrupted */
async function readLines(session: Session, input: Readable, onError: OnError): Promise<boolean> {
  let pending = ''
  let interrupted = false
  for await (const line of createInterface({ input, terminal: false })) {
    if (pending === '' && isExit(line)) return interrupted
    if (pending === '' && isCommand(line)) {
      interrupted ||= (await runCommand(line, session, onError)) === 'interrupted'
      continue
    }
    pending += `${line}\n`
    const outcome = await evaluate(pending, session, onError)
    interrupted ||= outcome === 'interrupted'
    if (outcome !== 'incomplete') pending = ''
  }
  if (pending !== '') onError(new SyntaxError('The input ended in the middle of a statement'))
  return interrupted
}

/**
 * Evaluates `code` once with the names of the shell, for `shell -e CODE` and script files.
 *
 * @returns 1 when it failed, 130 when it was interrupted, else the `process.exitCode` it set, or 0
 */
export async function runCode(code: string, options: ShellOptions): Promise<number> {
  const session = await openSession(options, options.output ?? process.stdout)
  let failed = false
  const error = (e: unknown): void => {
    failed = true
    process.exitCode = 1 // a timer of the code may fail long after its last line
    session.printError(e)
  }
  watchProcess({ error, interrupt: () => interruptOrExit(session) })
  const run = isCommand(code) ? runCommand(code.trim(), session, error) : evaluate(code, session, error)
  const outcome = await run
  if (outcome === 'interrupted') return 130
  if (outcome === 'incomplete') error(new SyntaxError('The code is not complete'))
  await new Promise(setImmediate) // rejections that nobody handles are told in the next round only
  return status(failed || session.commandFailed)
}

/** A failure is 1; else what the code set. */
const status = (failed: boolean): number => (failed ? 1 : Number(process.exitCode ?? 0))

async function openSession(options: ShellOptions, output: Writable): Promise<Session> {
  const errors = options.errorOutput ?? process.stderr
  const context = createContext()
  const session = new Session(options, context, {
    write: (text) => output.write(text),
    writeError: (text) => errors.write(text),
    color: false,
    terminal: noTerminal,
    columns: () => Number.POSITIVE_INFINITY,
    execute: executeIn(context),
    loopGuard: () => undefined,
  })
  await session.load()
  return session
}

async function evaluate(source: string, session: Session, onError: OnError): Promise<Outcome['kind']> {
  const outcome = await session.run(source)
  if (outcome.kind === 'value') await session.print(outcome.value)
  tell(outcome, session, onError)
  return outcome.kind
}

function tell(outcome: Outcome, session: Session, onError: OnError): void {
  if (outcome.kind === 'error') onError(outcome.error)
  if (outcome.kind !== 'interrupted') return
  session.io.writeError('Interrupted\n')
  session.printInterruption(outcome.error)
}

async function runCommand(line: string, session: Session, onError: OnError): Promise<Outcome['kind']> {
  const [, name = '', argument = ''] = /^\.(\w+)\s*(.*)$/.exec(line) ?? []
  const command = shellCommands.find((c) => c.name === name)
  if (command) {
    const outcome = await session.command(command, argument)
    tell(outcome, session, onError)
    return outcome.kind
  }
  if (name === 'help') session.io.write(shellCommands.map((c) => `.${c.name.padEnd(8)} ${c.help}\n`).join(''))
  else {
    onError(
      new NoSuchCommand(
        name,
        shellCommands.map((c) => c.name),
      ),
    )
  }
  return 'value'
}

function isCommand(line: string): boolean {
  return /^\.[a-z]/i.test(line)
}

function isExit(line: string): boolean {
  return /^\.exit\s*$/.test(line)
}

function interruptOrExit(session: Session): void {
  if (session.evaluator.busy) session.evaluator.interrupt()
  else process.exit(130)
}
