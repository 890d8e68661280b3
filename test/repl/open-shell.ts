import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** A folder that is removed at the end of the test. */
export function tempDir(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'sc-repl-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
