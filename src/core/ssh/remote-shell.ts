import { type Command, commandText, quote, ShellCommand } from './quote.js'

/**
 * What is sent to sshd for a command. sshd hands one text to the user's login shell (`$SHELL -c TEXT`), which may be
 * any shell, in a session and process group of its own.
 */
export interface RemoteLine {
  readonly text: string
  /** The command's process group id arrives on standard error behind this, and is cut out of it. */
  readonly marker: ProcessMarker
}

export interface LineOptions {
  readonly sourceProfile: boolean
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly detach: boolean
  /** Another user to run as, and whether getting there needs sudo. */
  readonly runAs?: RunAs | undefined
}

interface RunAs {
  readonly user: string
  readonly sudo: boolean
}

const RECORD = '\x1e'

/**
 * The line for a login shell that reads POSIX syntax: no process more than the command itself needs.
 * The process id is that of the shell which sshd started, thus of the session: killing the session ends all of it.
 */
export function posixLine(command: Command, nonce: string, options: LineOptions): RemoteLine {
  const script = [markerScript(nonce), ...prelude(options), body(command, options, '"$SHELL"')].join('\n')
  return { text: script, marker: new ProcessMarker(nonce) }
}

/**
 * The same for csh, fish and whatever else: /bin/sh prepares everything and hands plain text to the login shell, whose
 * language its author had in mind. What the `sh` tag made is POSIX, so /bin/sh runs it.
 */
export function foreignLine(command: Command, nonce: string, options: LineOptions): RemoteLine {
  const shell = command instanceof ShellCommand ? '/bin/sh' : '"$SHELL"'
  const text = commandText(command)
  const end = options.detach || options.runAs ? body(command, options, shell) : `exec ${shell} -c ${quote(text)}`
  const script = [markerScript(nonce), ...prelude(options), end].join('\n')
  return { text: anyShellLine(script), marker: new ProcessMarker(nonce) }
}

/** True for login shells that understand `posixLine`. */
export function isPosixShell(shell: string): boolean {
  return /(^|\/)(sh|bash|dash|ash|zsh|ksh|ksh93|mksh|busybox)$/.test(shell.trim())
}

/**
 * Runs a /bin/sh script whatever the login shell is. Inside single quotes csh still reads `!` and line ends, fish reads
 * backslashes: text with any of these travels as octal bytes.
 */
export function anyShellLine(script: string): string {
  if (!/[!\n\r\\]/.test(script)) return `exec /bin/sh -c ${quote(script)}`
  const bytes = Array.from(Buffer.from(script), (byte) => {
    const char = String.fromCharCode(byte)
    return /[A-Za-z0-9 _./=:,-]/.test(char) ? char : `\\0${byte.toString(8).padStart(3, '0')}`
  })
  return `exec /bin/sh -c 'eval "$(printf %b "$1")"' sh '${bytes.join('')}'`
}

/** Ends every process of a session: TERM, and KILL for those left after two seconds. For /bin/sh, needs only /proc. */
export function killSessionScript(session: number): string {
  return `
left() {
  left=
  for stat in /proc/[0-9]*/stat; do
    read -r line < "$stat" || continue
    pid=\${line%% *}
    set -- \${line##*) }
    [ "$4" = ${session} ] && [ "$1" != Z ] && left="$left $pid"
  done
  [ -n "$left" ]
}
exec 2>/dev/null
left || exit 0
kill -TERM $left
tries=0
while [ $tries -lt 20 ]; do
  left || exit 0
  sleep 0.1 || sleep 1
  tries=$((tries + 1))
done
while [ $tries -lt 60 ] && left; do
  kill -KILL $left
  tries=$((tries + 1))
done
true`
}

/** Finds the process id in standard error and takes it out again, also when it arrives in pieces or after other text. */
export class ProcessMarker {
  readonly #start: string

  constructor(nonce: string) {
    this.#start = `${RECORD}${nonce} `
  }

  find(stderr: string): { pid: number; rest: string } | undefined {
    const start = stderr.indexOf(this.#start)
    if (start < 0) return undefined
    const end = stderr.indexOf(RECORD, start + 1)
    if (end < 0) return undefined
    const pid = Number(stderr.slice(start + this.#start.length, end))
    return { pid, rest: stderr.slice(0, start) + stderr.slice(end + 1) }
  }
}

function markerScript(nonce: string): string {
  return `printf '\\036${nonce} %s\\036' "$$" >&2`
}

function prelude({ sourceProfile, env, runAs }: LineOptions): string[] {
  // another user's login shell reads the profile by itself, and starts with a clean environment
  if (runAs) return []
  return [
    ...(sourceProfile ? ['[ -r /etc/profile ] && . /etc/profile < /dev/null > /dev/null 2>&1'] : []),
    ...exports(env),
  ]
}

function exports(env: LineOptions['env'] = {}): string[] {
  return Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new TypeError(`${name} cannot be an environment variable's name`)
    return `export ${name}=${quote(value)}`
  })
}

function body(command: Command, options: LineOptions, shell: string): string {
  const text = commandText(command)
  if (options.runAs) return asOtherUser(command, options, options.runAs)
  return options.detach ? inBackground(`${shell} -c ${quote(text)}`) : text
}

/** --session-command keeps the session, so that ending it ends this too. The other user may have another kind of shell. */
function asOtherUser(command: Command, { detach, env }: LineOptions, { user, sudo }: RunAs): string {
  const text = commandText(command)
  const variables = exports(env)
  const posix = [...variables, text].join('\n')
  const isPosixText = command instanceof ShellCommand
  const foreign =
    variables.length === 0 && !isPosixText
      ? text
      : anyShellLine([...variables, isPosixText ? text : `exec "$SHELL" -c ${quote(text)}`].join('\n'))
  const su = `${sudo ? 'sudo -n ' : ''}su -l ${quote(user)} --session-command "$text"`
  return [
    `case $(getent passwd ${quote(user)}) in`,
    `*csh | */fish) text=${quote(foreign)} ;;`,
    `*) text=${quote(posix)} ;;`,
    'esac',
    detach ? inBackground(su) : `exec ${su}`,
  ].join('\n')
}

function inBackground(line: string): string {
  return `nohup setsid ${line} < /dev/null > /dev/null 2>&1 &`
}
