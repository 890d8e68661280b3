import { quote } from './quote.js'

export interface SshCommandLineOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly keyFile: string
  readonly knownHostsFile: string
  /** The name the host key is pinned under; default: by address. */
  readonly hostKeyAlias?: string
  /** Host through which it is reached. */
  readonly jump?: JumpLine | undefined
  readonly forwardX11?: boolean | undefined
  readonly forwardAgent?: boolean | undefined
  readonly pseudoTty?: boolean | undefined
  /** More words for ssh itself: `['-L', '8080:localhost:80']`. What is set here about keys and host keys wins over them. */
  readonly sshOptions?: readonly string[] | undefined
  /** A host key that is not pinned is refused, or ssh asks the user, and pins it. Default: refuse. */
  readonly unknownHostKey?: 'refuse' | 'ask' | undefined
  /** Run this instead of a login shell. Shell text; several words are joined by blanks, as ssh does. */
  readonly command?: string | readonly string[] | undefined
}

export type JumpLine = Pick<SshCommandLineOptions, 'host' | 'port' | 'user' | 'keyFile' | 'knownHostsFile'>

/**
 * The argument list, program first, for an interactive login with the system's OpenSSH. The user's own ssh
 * configuration and known hosts are left out: the key, user, port and host key are the cluster's.
 */
export function sshCommandLine(options: SshCommandLineOptions): string[] {
  const { host, port, user, command, jump } = options
  if (host.startsWith('-') || user.startsWith('-')) throw new TypeError('a host or user name cannot begin with a dash')
  const proxy = jump && { ProxyCommand: proxyCommand(jump, `${host}:${port}`) }
  const words = command === undefined ? [] : typeof command === 'string' ? [command] : command
  return [
    'ssh',
    ...['-F', '/dev/null', '-p', String(port), '-l', user],
    ...optionWords({ ...identitySettings(options), ...proxy }),
    options.forwardX11 ? '-X' : '-x',
    options.forwardAgent ? '-A' : '-a',
    ...(options.pseudoTty ? ['-t'] : []),
    ...(options.sshOptions ?? []),
    ...optionWords(connectionSettings), // of a setting that is given twice ssh takes the first
    host,
    ...(words.length > 0 ? ['--', ...words] : []),
  ]
}

/** Who we are and whom we believe, as ssh_config(5) names it. */
export function identitySettings(options: SshCommandLineOptions): Record<string, string> {
  const { keyFile, knownHostsFile, hostKeyAlias, unknownHostKey } = options
  return {
    StrictHostKeyChecking: unknownHostKey === 'ask' ? 'ask' : 'yes',
    UserKnownHostsFile: configPath(knownHostsFile),
    GlobalKnownHostsFile: '/dev/null',
    ...(hostKeyAlias === undefined ? {} : { HostKeyAlias: hostKeyAlias }),
    CheckHostIP: 'no',
    UpdateHostKeys: 'no',
    // as a setting, since -i looks for the file before it reads `%%` as `%`
    IdentityFile: configPath(keyFile),
    IdentitiesOnly: 'yes',
    PasswordAuthentication: 'no',
  }
}

export const connectionSettings: Readonly<Record<string, string>> = {
  // OpenSSH's first choice (sntrup761) takes some 150 ms more
  KexAlgorithms: '^curve25519-sha256',
  ConnectTimeout: '30',
  ServerAliveInterval: '30',
}

function optionWords(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** Not ProxyJump: that would log in to the jump host with the user's own settings. A shell reads it, after ssh took its tokens. */
function proxyCommand(jump: JumpLine, target: string): string {
  const [program = 'ssh', ...rest] = sshCommandLine(jump)
  const words = [program, '-W', target, ...rest]
  return words
    .map((word) => quote(word))
    .join(' ')
    .replaceAll('%', '%%')
}

/** In ssh's settings a `%` begins a token, and blanks separate file names. */
function configPath(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`
}
