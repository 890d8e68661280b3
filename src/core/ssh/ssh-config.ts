import { identitySettings, type JumpLine, type SshCommandLineOptions } from './system-ssh.js'

/** A host of an ssh_config(5) file. */
export interface SshConfigHost {
  /** What is typed: `ssh testcluster-node001`. */
  readonly name: string
  readonly login: SshCommandLineOptions
}

/** The part of an ssh_config file about one cluster. */
export interface SshConfigSection {
  readonly region: string
  readonly tag: string
  readonly text: string
}

const HEADER = '# Written by "starcluster ssh-config --write", which replaces what is in it.\n'
const SECTION = /^# cluster (\S+) in region (\S+)\n([\s\S]*?)^# end of cluster \1 in region \2\n/gm

/** Entries for hosts of a cluster; a jump host gets an entry of its own, with the same key. */
export function sshConfigText(tag: string, hosts: readonly SshConfigHost[]): string {
  const jumpName = `${tag}-jump-host`
  const jump = hosts.find(({ login }) => login.jump)?.login.jump
  return [
    ...(jump ? [hostText(jumpName, jump)] : []),
    ...hosts.map(({ name, login }) => hostText(name, login, login.jump ? { ProxyJump: jumpName } : {})),
  ].join('')
}

function hostText(name: string, login: JumpLine, more: Readonly<Record<string, string>> = {}): string {
  const { host, port, user } = login
  const settings = { HostName: host, Port: String(port), User: user, ...identitySettings(login), ...more }
  return [`Host ${name}`, ...Object.entries(settings).map(([key, value]) => `  ${key} ${value}`), ''].join('\n')
}

/** A whole file of these clusters. */
export function sshConfigFile(sections: readonly SshConfigSection[]): string {
  const key = ({ region, tag }: SshConfigSection) => `${region} ${tag}`
  const texts = [...sections]
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .map(({ region, tag, text }) => {
      const about = `cluster ${tag} in region ${region}`
      return `\n# ${about}\n${text}# end of ${about}\n`
    })
  return HEADER + texts.join('')
}

/** The clusters that a file is about. */
export function readSshConfigFile(text: string): SshConfigSection[] {
  return Array.from(text.matchAll(SECTION), ([, tag = '', region = '', body = '']) => ({ region, tag, text: body }))
}
