import { fileURLToPath } from 'node:url'
import { Pty, type PtyOptions } from '../support/pty.js'

const main = fileURLToPath(new URL('../fixtures/repl/main.ts', import.meta.url))

/** Command line of the shell for tests. */
export const shellCommand = [process.execPath, '--import', 'tsx', main] as const

/** The shell for tests in a terminal, at its first prompt. */
export async function openShell(options: PtyOptions = {}): Promise<Pty> {
  const pty = new Pty(shellCommand, { ...options, env: { ...process.env, NO_COLOR: '1', ...options.env } })
  await pty.sees(/\]\|1> /)
  return pty
}

/** What follows the echo of a line: the prompt with this number. */
export function prompt(number: number): RegExp {
  return new RegExp(`\\]\\|${number}> $`)
}
