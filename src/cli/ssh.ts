import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { StarClusterError } from '../index.js'
import type { CliContext, GlobalOptions } from './context.js'

export class SshMissing extends StarClusterError {
  readonly code = 'CommandNotFound'
}

/** Hands the terminal to the system's ssh. @returns its exit status: the remote command's, 255 for ssh's own failures */
export async function runSsh(cli: CliContext, argv: readonly string[]): Promise<number> {
  cli.leaveInterruptsAlone()
  const [program = 'ssh', ...args] = argv
  const child = spawn(program, args, { stdio: 'inherit' })
  return await new Promise<number>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new SshMissing('the program "ssh" is not installed', { hint: 'apt-get install openssh-client' })
          : error,
      ),
    )
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

/** How the user would call us again to reach the same place, for hints. */
export function loginCommand({ config, region }: GlobalOptions): string {
  return ['starcluster', ...(config ? ['-c', config] : []), ...(region ? ['-r', region] : [])].join(' ')
}
