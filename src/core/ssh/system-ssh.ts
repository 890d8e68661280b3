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
  /** Run this instead of a login shell. Shell text; several words are joined by blanks, as ssh does. */
  readonly command?: string | readonly string[] | undefined
}

export type JumpLine = Pick<SshCommandLineOptions, 'host' | 'port' | 'user' | 'keyFile' | 'knownHostsFile'>

/**
 * The argument list, program first, for an interactive login with the system's OpenSSH. The user's own ssh
 * configuration and known hosts are left out: the key, user, port and host key are the cluster's.
 */
export function sshCommandLine(options: SshCommandLineOptions): string[] {
  const { host, port, user, keyFile, knownHostsFile, hostKeyAlias, command, jump } = options
  if (host.startsWith('-') || user.startsWith('-')) throw new TypeError('a host or user name cannot begin with a dash')
  const settings = {
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: configPath(knownHostsFile),
    GlobalKnownHostsFile: '/dev/null',
    ...(hostKeyAlias === undefined ? {} : { HostKeyAlias: hostKeyAlias }),
    ...(jump === undefined ? {} : { ProxyCommand: proxyCommand(jump, `${host}:${port}`) }),
    CheckHostIP: 'no',
    UpdateHostKeys: 'no',
    // as a setting, since -i looks for the file before it reads `%%` as `%`
    IdentityFile: configPath(keyFile),
    IdentitiesOnly: 'yes',
    PasswordAuthentication: 'no',
    // OpenSSH's first choice (sntrup761) takes some 150 ms more
    KexAlgorithms: '^curve25519-sha256',
    ConnectTimeout: '30',
    ServerAliveInterval: '30',
  }
  const words = command === undefined ? [] : typeof command === 'string' ? [command] : command
  return [
    'ssh',
    ...['-F', '/dev/null', '-p', String(port), '-l', user],
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    options.forwardX11 ? '-X' : '-x',
    options.forwardAgent ? '-A' : '-a',
    ...(options.pseudoTty ? ['-t'] : []),
    host,
    ...(words.length > 0 ? ['--', ...words] : []),
  ]
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
