import type { Logger } from '../log.js'
import type { CommandResult } from './command-result.js'
import type { SshTarget } from './connection.js'
import { type ExecuteOptions, execute } from './execute.js'
import { formatHostKey, keyType } from './host-keys.js'
import type { Command } from './quote.js'
import { SshSession } from './session.js'

export interface SshClientOptions extends Omit<SshTarget, 'connectTimeoutMs'> {
  /** Milliseconds for one attempt to connect and log in. Default 30,000. */
  readonly connectTimeoutMs?: number
  readonly log?: Logger
  /** The signal of whatever is running now: commands started meanwhile end with it. */
  readonly signal?: () => AbortSignal | undefined
}

/** A node's shell and files. Connects at first use, keeps one connection a user, connects again when it has broken. */
export class SshClient {
  readonly #options: SshClientOptions
  readonly #sessions = new Map<string, SshSession>()
  #user: string

  constructor(options: SshClientOptions) {
    this.#options = options
    this.#user = options.username
  }

  /** Runs a command as the current user and waits for its end. See `ExecuteOptions`. */
  execute(command: Command, options: ExecuteOptions = {}): Promise<CommandResult> {
    return execute(this.session, command, { ...options, signal: this.#signal(options.signal) }, this.#options.log)
  }

  /** Starts a command in the background, free of this connection, and returns. */
  executeAsync(command: Command, options: ExecuteOptions = {}): Promise<CommandResult> {
    return this.execute(command, { ...options, detach: true })
  }

  async connect(): Promise<void> {
    await this.session.connection(this.#signal())
  }

  isActive(): boolean {
    return this.session.isActive
  }

  getCurrentUser(): string {
    return this.#user
  }

  /** Everything after this runs as `user`, logged in with the same key. */
  async switchUser(user: string): Promise<void> {
    this.#user = user
    await this.connect()
  }

  /** The host key the node has shown and that was verified: `ssh-ed25519 AAAA...`. */
  async getServerPublicKey(): Promise<string> {
    const { hostKey } = await this.session.connection(this.#signal())
    return formatHostKey({ type: keyType(hostKey), blob: hostKey })
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close()
  }

  get session(): SshSession {
    const existing = this.#sessions.get(this.#user)
    if (existing) return existing
    const session = new SshSession({ connectTimeoutMs: 30_000, ...this.#options, username: this.#user })
    this.#sessions.set(this.#user, session)
    return session
  }

  #signal(own?: AbortSignal): AbortSignal | undefined {
    const signals = [own, this.#options.signal?.()].filter((signal) => signal !== undefined)
    return signals.length > 1 ? AbortSignal.any(signals) : signals[0]
  }
}
