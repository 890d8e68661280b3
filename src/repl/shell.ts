import type { ReadStream, WriteStream } from 'node:tty'
import type { ShellOptions } from './options.js'
import { runPiped } from './piped.js'
import { runInTerminal } from './terminal.js'

export { currentSignal } from './current-signal.js'
export type { ShellModule, ShellOptions, ShellTypes } from './options.js'
export { runCode } from './piped.js'

/**
 * Runs the development shell until the user leaves it.
 *
 * In a terminal: prompt, history, Tab. Otherwise the input's lines are evaluated in order and only results are
 * printed; a line that fails does not stop the next one.
 *
 * @returns exit status for the process
 */
export function startShell(options: ShellOptions): Promise<number> {
  const input = options.input ?? process.stdin
  const output = options.output ?? process.stdout
  const isTerminal = (input as ReadStream).isTTY === true && (output as WriteStream).isTTY === true
  return isTerminal
    ? runInTerminal(options, input as ReadStream, output as WriteStream)
    : runPiped(options, input, output)
}
