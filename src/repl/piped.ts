import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { NoSuchCommand, shellCommands } from './commands/index.js'
import { createContext } from './context.js'
import { executeIn } from './evaluator.js'
import type { ShellOptions } from './options.js'
import { surviving, watchProcess } from './process-events.js'
import { Session } from './session.js'
import { noTerminal } from './terminal-mode.js'

/** Evaluates the lines of a pipe in order; results to `output`, errors to `errorOutput`. @returns 1 when one of them failed, else 0 */
export async function runPiped(options: ShellOptions, input: Readable, output: Writable): Promise<number> {
  const session = await openSession(options, output)
  let failed = false
  const error = (e: unknown): void => {
    failed = true
    session.printError(e)
  }
  const events = { error, interrupt: () => interruptOrExit(session) }
  await surviving(events, () => readLines(session, input, error))
  return failed || session.commandFailed ? 1 : 0
}

type OnError = (error: unknown) => void

async function readLines(session: Session, input: Readable, onError: OnError): Promise<void> {
  let pending = ''
  for await (const line of createInterface({ input, terminal: false })) {
    if (pending === '' && isExit(line)) return
    if (pending === '' && isCommand(line)) {
      await runCommand(line, session, onError)
      continue
    }
    pending += `${line}\n`
    if (await evaluate(pending, session, onError)) pending = ''
  }
  if (pending !== '') onError(new SyntaxError('The input ended in the middle of a statement'))
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
  if (isCommand(code)) await runCommand(code.trim(), session, error)
  else {
    const outcome = await session.run(code)
    if (outcome.kind === 'interrupted') return 130
    if (outcome.kind === 'value') await session.print(outcome.value)
    else error(outcome.kind === 'error' ? outcome.error : new SyntaxError('The code is not complete'))
  }
  await new Promise(setImmediate) // rejections that nobody handles are told in the next round only
  return failed || session.commandFailed ? 1 : Number(process.exitCode ?? 0)
}

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

/** False when the statement goes on. */
async function evaluate(source: string, session: Session, onError: OnError): Promise<boolean> {
  const outcome = await session.run(source)
  if (outcome.kind === 'value') await session.print(outcome.value)
  if (outcome.kind === 'error') onError(outcome.error)
  if (outcome.kind === 'interrupted') session.io.writeError('Interrupted\n')
  return outcome.kind !== 'incomplete'
}

async function runCommand(line: string, session: Session, onError: OnError): Promise<void> {
  const [, name = '', argument = ''] = /^\.(\w+)\s*(.*)$/.exec(line) ?? []
  const command = shellCommands.find((c) => c.name === name)
  if (command) {
    const outcome = await session.command(command, argument)
    if (outcome.kind === 'error') onError(outcome.error)
  } else if (name === 'help') session.io.write(shellCommands.map((c) => `.${c.name.padEnd(8)} ${c.help}\n`).join(''))
  else {
    onError(
      new NoSuchCommand(
        name,
        shellCommands.map((c) => c.name),
      ),
    )
  }
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
