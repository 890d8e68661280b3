import { StarClusterError } from '../errors.js'
import type { CommandResult } from './command-result.js'

/** Anything that went wrong between us and a node's sshd. */
export class SSHError extends StarClusterError {
  readonly code: string = 'SSHError'
}

/** No connection, or it broke. Whether a command that was running has finished is not known. */
export class SSHConnectionError extends SSHError {
  override readonly code = 'SSHConnectionError'
}

export class SSHAuthException extends SSHError {
  override readonly code = 'SSHAuthException'
}

/** The key opens the account only to be told that another one is meant. Commands are not run. */
export class LoginElsewhere extends SSHAuthException {
  constructor(
    node: string,
    account: string,
    /** The one that is meant, where that was said. */
    readonly user: string | undefined,
  ) {
    super(
      `${node}: its image does not let ${account} in${user === undefined ? '' : ` and asks to log in as ${user}`}`,
      {
        hint: 'its cluster is not set up yet: "starcluster start -x CLUSTER" opens the login of root through that user',
      },
    )
  }
}

/** The private key cannot be used: not readable, not a key, or protected by a passphrase. */
export class SSHNoCredentialsError extends SSHError {
  override readonly code = 'SSHNoCredentialsError'
}

/** The node shows another host key than the one known for it. Never go on from here by itself. */
export class HostKeyMismatch extends SSHError {
  override readonly code = 'HostKeyMismatch'
}

export class HostKeyUnknown extends SSHError {
  override readonly code = 'HostKeyUnknown'
}

/** A file transfer that did not happen; nothing half-written is left under the final name. */
export class SCPException extends SSHError {
  override readonly code: string = 'SCPException'
}

/** An operation on a remote file failed. `status` is SFTP's: 2 no such file, 3 permission denied, 4 failure. */
export class RemoteFileError extends SSHError {
  override readonly code = 'RemoteFileError'

  constructor(
    readonly node: string,
    readonly path: string,
    readonly status: number | undefined,
    message: string,
    options?: { cause?: unknown; hint?: string },
  ) {
    super(`${node}: ${path}: ${message}`, options)
  }
}

/** Programs a node lacks. */
export class RemoteCommandNotFound extends SSHError {
  override readonly code = 'RemoteCommandNotFound'

  constructor(
    readonly node: string,
    readonly programs: readonly string[],
  ) {
    super(`${node}: command not found: ${programs.join(', ')}`, {
      hint: `install the package that has ${programs.length > 1 ? 'them' : 'it'} on ${node}, or check the PATH there`,
    })
  }
}

abstract class RemoteCommandError extends SSHError {
  readonly command: string
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string

  constructor(
    readonly node: string,
    readonly result: CommandResult,
    reason: string,
    options: { hint?: string; showOutput?: boolean } = {},
  ) {
    const output = options.showOutput === false ? '' : lastLines(result.lines, 20)
    super(`${node}: command ${reason}: ${result.command}${output && `\n${output}`}`, { hint: options.hint })
    this.command = result.command
    this.exitCode = result.exitCode
    this.signal = result.signal
    this.stdout = result.stdout
    this.stderr = result.stderr
  }
}

/** A command ran on a node and ended with an exit code other than 0, or by a signal. */
export class RemoteCommandFailed extends RemoteCommandError {
  override readonly code = 'RemoteCommandFailed'

  constructor(node: string, result: CommandResult, options: { showOutput?: boolean } = {}) {
    super(node, result, result.signal ? `killed by ${result.signal}` : `failed (exit code ${result.exitCode})`, options)
  }
}

/** A command did not end by its deadline. It was ended on the node, with its children. */
export class RemoteCommandTimedOut extends RemoteCommandError {
  override readonly code = 'RemoteCommandTimedOut'

  constructor(
    node: string,
    result: CommandResult,
    readonly timeoutMs: number,
    options: { showOutput?: boolean } = {},
  ) {
    super(node, result, `did not end within ${timeoutMs / 1000} s and was stopped`, options)
  }
}

function lastLines(lines: readonly string[], count: number): string {
  const shown = lines.slice(-count).map((line) => `  ${line}`)
  return (lines.length > count ? [`  ... (${lines.length - count} lines before)`, ...shown] : shown).join('\n')
}
