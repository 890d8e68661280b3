import type { SFTPWrapper } from 'ssh2'
import type { CommandResult } from './command-result.js'
import type { ExecuteOptions } from './execute.js'
import type { Command } from './quote.js'
import type { SshSession } from './session.js'

/** What the functions on files, programs and transfers need of a node; `SshClient` is one. */
export interface RemoteHost {
  readonly name: string
  readonly session: SshSession
  execute(command: Command, options?: ExecuteOptions): Promise<CommandResult>
  sftp(): Promise<SFTPWrapper>
}

/** A path as sftp and our scripts take it: below the login's home when relative or beginning with `~/`. */
export function remotePath(path: string): string {
  if (path.includes('\0')) throw new TypeError('a path cannot contain a NUL byte')
  if (path === '' || path === '~') return '.'
  if (path.startsWith('~/')) return `./${path.slice(2)}`
  return path.startsWith('-') ? `./${path}` : path
}
