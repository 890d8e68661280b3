import { describeType } from './describe-type.js'
import type { Session } from './session.js'
import { ShellError } from './shell-error.js'

/** A command of the shell itself: `.reload`, `.type x`. */
export interface ShellCommand {
  readonly name: string
  readonly help: string
  /** What follows it is a program, and completed as one. */
  readonly takesExpression?: true
  /** Words that may follow it. */
  readonly complete?: (session: Session, argument: string) => Promise<readonly string[]>
  /** Prints what it has to say. @throws whatever fails, to be shown like the error of a line */
  readonly run: (argument: string, session: Session, signal: AbortSignal) => Promise<void>
}

export const shellCommands: readonly ShellCommand[] = [
  {
    name: 'reload',
    help: 'Load plugins and config again and list what changed',
    run: async (_argument, session) => {
      const changes = (await session.options.onReload?.()) ?? []
      session.io.write(changes.length > 0 ? changes.map((line) => `>>> ${line}\n`).join('') : '>>> Nothing changed\n')
    },
  },
  {
    name: 'type',
    help: 'Show the type of an expression without running it',
    takesExpression: true,
    run: async (expression, session) => {
      if (expression.trim() === '') throw new UsageError('.type EXPRESSION')
      session.io.write(`${await describeType(expression, session.inputs, session.options.types)}\n`)
    },
  },
  {
    name: 'ssh',
    help: 'Log in to a node, or to the master of a cluster; its end comes back here',
    complete: async (session) => (await import('./remote-command.js')).completeTarget(session),
    run: async (target, session, signal) => (await import('./remote-command.js')).logIn(target.trim(), session, signal),
  },
  {
    name: 'time',
    help: 'Run an expression and show how long it took',
    takesExpression: true,
    run: async (expression, session) => {
      if (expression.trim() === '') throw new UsageError('.time EXPRESSION')
      const begin = performance.now()
      const outcome = await session.run(expression)
      const tookMs = performance.now() - begin
      if (outcome.kind === 'error') throw outcome.error
      if (outcome.kind === 'incomplete') throw new SyntaxError('The expression is not complete')
      if (outcome.kind === 'interrupted') return
      await session.print(outcome.value)
      session.io.write(`Took ${renderDuration(tookMs)}\n`)
    },
  },
]

export function renderDuration(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
  return `${(ms / 1_000).toFixed(2)} s`
}

class UsageError extends ShellError {
  readonly code = 'UsageError'
  constructor(usage: string) {
    super(`Usage: ${usage}`)
  }
}
