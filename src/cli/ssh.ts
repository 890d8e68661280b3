import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { log, type SshTarget } from '../index.js'
import type { CliContext, GlobalOptions } from './context.js'

/**
 * Hands the terminal to the system's ssh, or to our own where there is none.
 * @returns its exit status: the remote command's, 255 for ssh's own failures
 */
export async function runSsh(cli: CliContext, target: SshTarget): Promise<number> {
  cli.leaveInterruptsAlone()
  const status = await spawned(target.argv)
  if (status !== undefined) return status
  const { forwardX11, forwardAgent, sshOptions = [] } = target.login
  const lost = [...(forwardX11 ? ['-X'] : []), ...(forwardAgent ? ['-A'] : []), ...sshOptions]
  if (lost.length > 0)
    log.warn(
      `the program "ssh" is not installed: without it ${lost.join(' ')} has no effect (apt-get install openssh-client)`,
    )
  const { builtInTerminal } = await import('./built-in-terminal.js')
  return builtInTerminal(target)
}

/** @returns undefined when there is no such program */
async function spawned([program = 'ssh', ...args]: readonly string[]): Promise<number | undefined> {
  const child = spawn(program, args, { stdio: 'inherit' })
  return await new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve(undefined) : reject(error),
    )
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

/** How the user would call us again to reach the same place, for hints. */
export function loginCommand({ config, region }: GlobalOptions): string {
  return ['starcluster', ...(config ? ['-c', config] : []), ...(region ? ['-r', region] : [])].join(' ')
}
