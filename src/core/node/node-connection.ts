import type { Logger } from '../log.js'
import { SshClient, type SshClientOptions } from '../ssh/client.js'
import type { HostKeyVerifier } from '../ssh/host-keys.js'
import { inTerminal, type Terminal } from '../ssh/terminal.js'
import type { InstanceView } from './instance-view.js'
import {
  type JumpWay,
  type LoginKey,
  type PinnedHostKeys,
  SSH_PORT,
  type SshTarget,
  type SshTargetOptions,
  sshTarget,
} from './login.js'
import { currentSignal } from './run-signal.js'

export interface NodeConnectionOptions {
  /** Asked at the first connection: looking at nodes needs no key. */
  readonly key: () => LoginKey
  /** Port of sshd at the node's address. */
  readonly port: number
  readonly pins: PinnedHostKeys & {
    /** How the host key of an instance is verified. */
    verifier(instanceId: string, alias: string): HostKeyVerifier
  }
  /** The way to nodes that are not reached directly, asked for when it is needed. */
  readonly jump?: () => JumpWay | undefined
  /** Asked when the node does not answer: what to do, where that can be known. */
  readonly whyUnreachable?: () => Promise<string | undefined>
  readonly log: Logger
}

/** The way to one node: an ssh client for each user, made anew when the node comes back with another address. */
export class NodeConnection {
  private made: { readonly address: string; readonly clients: Map<string, SshClient> } | undefined
  private login: LoginKey | undefined

  constructor(private readonly options: NodeConnectionOptions) {}

  get keyLocation(): string {
    return this.key.location
  }

  loginPublicKey(): Promise<string> {
    return this.key.publicKey()
  }

  client(node: InstanceView, user = 'root'): SshClient {
    if (this.made && this.made.address !== node.addr && node.addr !== '') this.close()
    this.made ??= { address: node.addr, clients: new Map() }
    const { clients } = this.made
    const client = clients.get(user) ?? this.newClient(user, node)
    clients.set(user, client)
    return client
  }

  /** A client of its own, to be closed by who asked for it. */
  newClient(username: string, node: InstanceView): SshClient {
    const { pins, log, whyUnreachable } = this.options
    return new SshClient({
      ...this.way(node),
      ...(whyUnreachable ? { whyUnreachable } : {}),
      username,
      privateKey: this.key.privateKey(),
      name: node.alias,
      hostKeys: pins.verifier(node.id, node.alias),
      log,
      signal: currentSignal,
    })
  }

  /** How to log in with the system's ssh. */
  async target(node: InstanceView, options: SshTargetOptions = {}): Promise<SshTarget> {
    const { port, pins } = this.options
    const target = await sshTarget(node, { key: this.key, port, pins, jump: this.options.jump?.() }, options)
    const { command, pseudoTty } = options
    const openTerminal = (terminal: Terminal, signal?: AbortSignal) =>
      inTerminal(this.client(node, target.user).session, terminal, { command, pseudoTty, signal })
    return { ...target, openTerminal }
  }

  /** Behind a jump host a node is at its private address and sshd's own port. */
  private way(node: InstanceView): Pick<SshClientOptions, 'host' | 'port' | 'through'> {
    const jump = this.options.jump?.()
    if (!jump) return { host: node.addr, port: this.options.port }
    const through = (host: string, port: number, signal?: AbortSignal) => jump.reach(host, port, signal)
    return { host: node.privateIpAddress, port: SSH_PORT, through }
  }

  close(): void {
    for (const client of this.made?.clients.values() ?? []) client.close()
    this.made = undefined
  }

  private get key(): LoginKey {
    this.login ??= this.options.key()
    return this.login
  }
}
