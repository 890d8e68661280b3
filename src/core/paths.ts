import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where everything of one user lies. Nothing is made here: who writes a file makes its folder. */
export interface StarClusterPaths {
  readonly home: string
  /** `~/.starcluster` */
  readonly dir: string
  /** Config files in the order they are looked for. */
  readonly configFiles: readonly string[]
  readonly plugins: string
  readonly logs: string
  readonly debugLog: string
  /** Private keys of key pairs we made: `<keys>/<region>/<keyname>.pem`. */
  readonly keys: string
  readonly knownHosts: string
  /** The user's own, which OpenSSH writes. */
  readonly userKnownHosts: string
  /** Pinned host keys: `<knownHostsDir>/<region>/<cluster tag>`. */
  readonly knownHostsDir: string
  /** Nodes of clusters, for OpenSSH to include. */
  readonly sshConfig: string
  /** History of the development shell. */
  readonly history: string
}

export function starclusterPaths(env: NodeJS.ProcessEnv = process.env): StarClusterPaths {
  const home = env.HOME || homedir()
  const dir = join(home, '.starcluster')
  const logs = join(dir, 'logs')
  return {
    home,
    dir,
    configFiles: [join(home, '.starclusterrc'), join(dir, 'config')],
    plugins: join(dir, 'plugins'),
    logs,
    debugLog: join(logs, 'debug.log'),
    keys: join(dir, 'keys'),
    knownHosts: join(dir, 'known_hosts'),
    userKnownHosts: join(home, '.ssh', 'known_hosts'),
    knownHostsDir: join(dir, 'known_hosts.d'),
    sshConfig: join(dir, 'ssh_config'),
    history: join(dir, 'shell_history'),
  }
}

/** `~` and `$NAME` or `${NAME}` replaced as a shell would; a variable that is not set stays as it is written. */
export function expandPath(path: string, env: NodeJS.ProcessEnv = process.env): string {
  const home = starclusterPaths(env).home
  const expanded = path.replace(/\$(?:(\w+)|\{(\w+)\})/g, (text, bare?: string, braced?: string) => {
    const name = bare ?? braced ?? ''
    return name === 'HOME' ? home : (env[name] ?? text)
  })
  if (expanded === '~') return home
  return expanded.startsWith('~/') ? join(home, expanded.slice(2)) : expanded
}
