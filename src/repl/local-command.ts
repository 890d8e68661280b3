import { spawn } from 'node:child_process'
import { ShellError } from './shell-error.js'
import type { TerminalMode } from './terminal-mode.js'

/**
 * `!cmd`: runs a command of this machine in the user's shell, connected to the terminal.
 *
 * @returns nothing to print when it succeeds
 * @throws Error naming the command and its exit status or signal otherwise
 */
export async function runLocally(command: string, signal: AbortSignal, terminal: TerminalMode): Promise<undefined> {
  const restore = terminal.handOver()
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(command, { shell: process.env.SHELL || true, stdio: 'inherit', signal })
      child.once('error', reject)
      child.once('exit', (code, killedBy) => {
        if (code === 0) resolve()
        else reject(new LocalCommandFailed(command, killedBy ? `killed by ${killedBy}` : `exit status ${code}`))
      })
    })
    return undefined
  } finally {
    restore()
  }
}

class LocalCommandFailed extends ShellError {
  readonly code = 'LocalCommandFailed'
  constructor(command: string, reason: string) {
    super(`${command}: ${reason}`)
  }
}
