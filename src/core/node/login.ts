import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { HostKeyUnknown } from '../ssh/errors.js'
import { type JumpLine, type SshCommandLineOptions, sshCommandLine } from '../ssh/system-ssh.js'
import type { Terminal } from '../ssh/terminal.js'
import { InstanceNotRunning } from './errors.js'
import type { InstanceView } from './instance-view.js'

export interface SshTargetOptions {
  /** Default: root. */
  readonly user?: string
  readonly forwardX11?: boolean
  readonly forwardAgent?: boolean
  readonly pseudoTty?: boolean
  /** Run this instead of a login shell. */
  readonly command?: string
  /** More words for ssh itself: `['-L', '8080:localhost:80']`. */
  readonly sshOptions?: readonly string[]
  /** What to do about host keys that the console output does not show: refuse, the default, or let ssh ask the user. */
  readonly unknownHostKey?: 'refuse' | 'ask'
  readonly signal?: AbortSignal
}

/** How to log in to a node with the system's OpenSSH. */
export interface SshTarget {
  /** Program and arguments. */
  readonly argv: readonly string[]
  /** What they are made of. */
  readonly login: SshCommandLineOptions
  /** The host key is not known: ssh will ask. */
  readonly hostKeyUnknown: boolean
  readonly alias: string
  readonly instanceId: string
  readonly host: string
  readonly port: number
  readonly user: string
  /** Logs in without a system's ssh: a shell, or the command, in this terminal. @returns its exit status */
  openTerminal(terminal: Terminal, signal?: AbortSignal): Promise<number>
  /** When the cluster ends by itself, where that is known. */
  readonly clusterEnds?: { readonly tag: string; readonly at: Date }
}

/** The private key that opens a node. */
export interface LoginKey {
  readonly location: string
  privateKey(): string
  /** In authorized_keys form. */
  publicKey(): Promise<string>
}

/** Host keys known of a cluster's nodes, in a file that the system's ssh can read. */
export interface PinnedHostKeys {
  readonly file: string
  /** @throws HostKeyUnknown when they cannot be learned */
  ensure(instanceId: string, alias: string, signal?: AbortSignal): Promise<void>
}

/** A host through which nodes are reached at their private addresses. */
export interface JumpWay {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly knownHostsFile: string
  /** A stream to a port as that host reaches it. */
  reach(host: string, port: number, signal?: AbortSignal): Promise<Duplex>
}

/** Where sshd listens on a node itself. */
export const SSH_PORT = 22

/** What a login needs to know besides the node. */
export interface LoginWay {
  readonly key: LoginKey
  /** Port of sshd at the node's address. */
  readonly port: number
  readonly pins: PinnedHostKeys
  readonly jump?: JumpWay | undefined
}

/**
 * The command line that logs in to a node, with its host key pinned. Runs nothing on the node.
 * @throws InstanceNotRunning, KeyNotFound, HostKeyUnknown
 */
export async function sshTarget(
  node: InstanceView,
  { key, pins, jump, ...way }: LoginWay,
  { signal, user = 'root', unknownHostKey, ...options }: SshTargetOptions = {},
): Promise<Omit<SshTarget, 'openTerminal'>> {
  if (!node.isRunning()) {
    const tag = node.parentCluster
    const hint = node.isStopped() && tag !== undefined ? `"starcluster start -x ${tag}" resumes the cluster` : undefined
    throw new InstanceNotRunning(node.alias, node.state, hint)
  }
  key.privateKey() // a missing file is told by us, better than by ssh
  const hostKeyUnknown = await pins.ensure(node.id, node.alias, signal).then(
    () => false,
    async (error: unknown) => {
      if (unknownHostKey !== 'ask' || !(error instanceof HostKeyUnknown)) throw error
      await mkdir(dirname(pins.file), { recursive: true, mode: 0o700 }) // where ssh writes down what the user accepts
      return true
    },
  )
  const [host, port] = jump ? [node.privateIpAddress, SSH_PORT] : [node.addr, way.port]
  const login = {
    host,
    port,
    jump: jump && jumpLine(jump, key),
    user,
    keyFile: key.location,
    knownHostsFile: pins.file,
    hostKeyAlias: node.id,
    ...(hostKeyUnknown ? { unknownHostKey: 'ask' as const } : {}),
    ...options,
  }
  return {
    argv: sshCommandLine(login),
    login,
    hostKeyUnknown,
    alias: node.alias,
    instanceId: node.id,
    host,
    port,
    user,
  }
}

function jumpLine({ host, port, user, knownHostsFile }: JumpWay, key: LoginKey): JumpLine {
  return { host, port, user, knownHostsFile, keyFile: key.location }
}
