import type { Command } from 'commander'
import type { StarCluster } from '../index.js'

/** Options given before the command word. */
export interface GlobalOptions {
  readonly config?: string
  readonly region?: string
  readonly debug?: boolean
}

/** What a command works with; made once, in main.ts. */
export interface CliContext {
  readonly globals: GlobalOptions
  readonly env: NodeJS.ProcessEnv
  /** Aborted by the first Ctrl-C; a second one ends the process at once. */
  readonly signal: AbortSignal
  /** Prints to stdout what the command was asked for. Diagnostics go through the log. */
  print(text: string): void
  /** Where the log's messages go: stdout, or stderr when stdout is for data. */
  readonly logStream: NodeJS.WriteStream
  /** stdout is for what a program reads: nothing of the log goes there. To be called before `open`. */
  keepStdoutForData(): void
  /** The composed library; made on the first call, closed when the command ends. */
  open(): Promise<StarCluster>
  /** Screen and debug.log for the shared log; `open` does it too. */
  openLog(): Promise<void>
  /** Exit status of a command that ended in order: a remote command's, for instance. */
  exitWith(status: number): void
  /** While true, Ctrl-C belongs to a child such as ssh, or to the shell's own handling. */
  leaveInterruptsAlone(): void
}

/** Gives a command its arguments, options, examples and action. */
export type DefineCommand = (command: Command, cli: CliContext) => void
