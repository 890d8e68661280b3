import { didYouMean } from '../../index.js'
import type { Session } from '../session.js'
import { ShellError } from '../shell-error.js'

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

export class UsageError extends ShellError {
  readonly code = 'UsageError'
  constructor(usage: string) {
    super(`Usage: ${usage}`)
  }
}

export class NoSuchCommand extends ShellError {
  readonly code = 'NoSuchCommand'
  override readonly hint = '.help lists the commands'
  constructor(name: string, commands: Iterable<string>) {
    super(`there is no command .${name}${didYouMean(name, commands)}`)
  }
}
