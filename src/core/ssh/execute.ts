import { randomBytes } from 'node:crypto'
import type { ClientChannel } from 'ssh2'
import type { Logger } from '../log.js'
import { CommandResult } from './command-result.js'
import type { SshConnection } from './connection.js'
import { RemoteCommandFailed, RemoteCommandTimedOut, SSHError } from './errors.js'
import { currentObserver } from './observe.js'
import { type Command, commandText } from './quote.js'
import { foreignLine, isPosixShell, type LineOptions, posixLine, type RemoteLine } from './remote-shell.js'
import { type OutputListener, RunningCommand } from './running-command.js'
import type { SshSession } from './session.js'

export interface ExecuteOptions {
  /** A non-zero exit is an answer, not a failure. */
  readonly ignoreExitStatus?: boolean
  /** `false`: a failure is logged as an error instead of thrown. Default true. */
  readonly raiseOnFailure?: boolean
  /** Milliseconds; the command and its children are ended then. Default 0: no limit. */
  readonly timeoutMs?: number
  /** Ends the command and its children on the node, then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Written to the command's standard input, which is empty otherwise. */
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** `false`: output lines are logged as they come, at info level. Default true. */
  readonly silent?: boolean
  /** Given output as it comes, instead of its being kept for the result and the log. */
  readonly onOutput?: OutputListener
  /** `false`: output stays out of the log and of error messages. Default true. */
  readonly logOutput?: boolean
  /** Read /etc/profile first. Default true. */
  readonly sourceProfile?: boolean
  /** Start it in the background, free of this connection; its output is thrown away. */
  readonly detach?: boolean
  /** What to call the command in the log, in its result and in errors; for scripts longer than a line. */
  readonly label?: string
  /** Run as another user, in that user's login shell and home. */
  readonly user?: string
}

/**
 * Runs a command in the login shell of the session's user and waits for its end.
 * @throws RemoteCommandFailed, RemoteCommandTimedOut, SSHConnectionError and the signal's reason.
 */
export async function execute(
  session: SshSession,
  command: Command,
  options: ExecuteOptions = {},
  log?: Logger,
): Promise<CommandResult> {
  const text = options.label ?? commandText(command)
  const { name } = session.target
  log?.debug(`${name}: executing: ${text}`)
  const observed = currentObserver()?.begin({
    node: name,
    command: text,
    showOutput: options.logOutput !== false,
    mayFail: options.ignoreExitStatus === true || options.raiseOnFailure === false,
  })
  let result: CommandResult | undefined
  try {
    const line = await remoteLine(session, command, options)
    result = await session.withChannel(
      line.text,
      (channel, connection) => runOn(channel, connection, session, line, text, { ...options, ...observed }, log),
      options.signal,
    )
  } finally {
    observed?.end(result)
  }
  logResult(name, result, options, log)
  if (!result.failed || options.ignoreExitStatus) return result
  const failure = new RemoteCommandFailed(name, result, { showOutput: options.logOutput !== false })
  if (options.raiseOnFailure !== false) throw failure
  log?.error(failure.message)
  return result
}

async function remoteLine(session: SshSession, command: Command, options: ExecuteOptions): Promise<RemoteLine> {
  if (commandText(command).includes('\0')) throw new TypeError('a command cannot contain a NUL byte')
  const { username } = session.target
  const lineOptions: LineOptions = {
    sourceProfile: options.sourceProfile !== false,
    env: options.env,
    detach: options.detach ?? false,
    runAs:
      options.user !== undefined && options.user !== username
        ? { user: options.user, sudo: username !== 'root' }
        : undefined,
  }
  const nonce = randomBytes(6).toString('hex')
  const posix = isPosixShell(await session.loginShell(options.signal))
  return posix ? posixLine(command, nonce, lineOptions) : foreignLine(command, nonce, lineOptions)
}

async function runOn(
  channel: ClientChannel,
  connection: SshConnection,
  session: SshSession,
  line: RemoteLine,
  text: string,
  options: ExecuteOptions & { readonly line?: (text: string) => void },
  log: Logger | undefined,
): Promise<CommandResult> {
  const running = new RunningCommand(channel, connection, line.marker, options.onOutput === undefined)
  if (options.onOutput) running.onOutput(options.onOutput)
  if (options.silent === false) running.onLine((output) => log?.info(`${session.target.name}: ${output}`))
  if (options.line && options.logOutput !== false) running.onLine(options.line)
  running.feed(options.stdin)
  const started = performance.now()
  const result = () =>
    new CommandResult(
      text,
      running.exitCode,
      running.signal,
      running.stdout,
      running.stderr,
      performance.now() - started,
    )
  const why = await firstOf(running, options)
  if (why === 'ended') {
    if (running.leftOutputOpen)
      log?.warn(
        `${session.target.name}: a background process keeps the output of this command open, no longer waiting for it: ` +
          `${text} (send its output to a file, or use the option detach)`,
      )
    return checked(result(), running, session)
  }
  await running.kill(session)
  if (why === 'aborted') throw options.signal?.reason
  const showOutput = options.logOutput !== false
  throw new RemoteCommandTimedOut(session.target.name, result(), options.timeoutMs ?? 0, { showOutput })
}

/** Waits for the command's end, its deadline or an abort, whichever comes first. Throws when the connection breaks. */
async function firstOf(running: RunningCommand, options: ExecuteOptions): Promise<'ended' | 'late' | 'aborted'> {
  const { signal, timeoutMs = 0 } = options
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  try {
    const stopped = new Promise<'late' | 'aborted'>((resolve) => {
      if (timeoutMs > 0) timer = setTimeout(() => resolve('late'), timeoutMs)
      onAbort = () => resolve('aborted')
      if (signal?.aborted) onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    return await Promise.race([running.ended.then(() => 'ended' as const), stopped])
  } finally {
    clearTimeout(timer)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
  }
}

function checked(result: CommandResult, running: RunningCommand, session: SshSession): CommandResult {
  if (running.exitCode !== null || running.signal !== null) return result
  throw new SSHError(`${session.target.name}: sshd closed the channel without saying how this ended: ${result.command}`)
}

function logResult(
  name: string,
  result: CommandResult,
  { logOutput, ignoreExitStatus }: ExecuteOptions,
  log?: Logger,
): void {
  if (!log) return
  const end = result.signal ? `killed by ${result.signal}` : `exit code ${result.exitCode}`
  const note = result.failed && ignoreExitStatus ? ' (ignored)' : ''
  const output = logOutput === false ? [] : result.lines.map((line) => `\n  ${line}`)
  log.debug(`${name}: ${end}${note}, ${Math.round(result.durationMs)} ms: ${result.command}${output.join('')}`)
}
