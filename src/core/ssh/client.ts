import { constants } from 'node:os'
import type { SFTPWrapper, Stats } from 'ssh2'
import type { Logger } from '../log.js'
import type { CommandResult } from './command-result.js'
import type { SshTarget } from './connection.js'
import { type ExecuteOptions, execute } from './execute.js'
import * as content from './file-content.js'
import * as files from './files.js'
import { get } from './get.js'
import { formatHostKey, keyType } from './host-keys.js'
import { observeTransfer } from './observe.js'
import { put } from './put.js'
import type { Command } from './quote.js'
import * as environment from './remote-environment.js'
import { RemoteFile, type RemoteFileMode } from './remote-file.js'
import { glob } from './remote-glob.js'
import type { RemoteHost } from './remote-host.js'
import { SshSession } from './session.js'
import type { TransferOptions } from './transfer.js'

export interface SshClientOptions extends Omit<SshTarget, 'connectTimeoutMs'> {
  /** Milliseconds for one attempt to connect and log in. Default 30,000. */
  readonly connectTimeoutMs?: number
  readonly log?: Logger
  /** The signal of whatever is running now: commands started meanwhile end with it. */
  readonly signal?: () => AbortSignal | undefined
}

/** A node's shell and files. Connects at first use, keeps one connection a user, connects again when it has broken. */
export class SshClient implements RemoteHost, Disposable {
  /** The node's alias. */
  readonly name: string
  readonly #options: SshClientOptions
  readonly #sessions = new Map<string, SshSession>()
  #user: string

  constructor(options: SshClientOptions) {
    this.#options = options
    this.#user = options.username
    this.name = options.name
  }

  /** Runs a command as the current user and waits for its end. See `ExecuteOptions`. */
  execute(command: Command, options: ExecuteOptions = {}): Promise<CommandResult> {
    return execute(this.session, command, { ...options, signal: this.#signal(options.signal) }, this.#options.log)
  }

  /** Starts a command in the background, free of this connection, and returns. */
  executeAsync(command: Command, options: ExecuteOptions = {}): Promise<CommandResult> {
    return this.execute(command, { ...options, detach: true })
  }

  /** Runs a command and gives its exit code; 128 + the signal's number when a signal ended it, as shells say it. */
  async getStatus(command: Command, options: ExecuteOptions = {}): Promise<number> {
    const { exitCode, signal } = await this.execute(command, { ...options, ignoreExitStatus: true })
    return exitCode ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  }

  /** Logs in. Everything else does so by itself. */
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
    const before = this.#user
    this.#user = user
    try {
      await this.connect()
    } catch (error) {
      this.#user = before
      throw error
    }
  }

  /** Ends our login as `user`, if there is one; `switchUser` would log in again. */
  logOut(user: string): void {
    this.#sessions.get(user)?.close()
  }

  /** The host key the node has shown and that was verified: `ssh-ed25519 AAAA...`. */
  async getServerPublicKey(): Promise<string> {
    const { hostKey } = await this.session.connection(this.#signal())
    return formatHostKey({ type: keyType(hostKey), blob: hostKey })
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The raw sftp session of ssh2. */
  sftp(): Promise<SFTPWrapper> {
    return this.session.sftp(this.#signal())
  }

  /** An open file; close it. `readFile` and `writeFile` need one round trip where this needs several. */
  remoteFile(path: string, mode: RemoteFileMode = 'w'): Promise<RemoteFile> {
    return RemoteFile.open(this, path, mode)
  }

  readFile(path: string): Promise<string> {
    return content.readFile(this, path)
  }

  /** Replaces the content at once or not at all. */
  writeFile(path: string, text: string | Uint8Array, options?: content.WriteFileOptions): Promise<void> {
    return content.writeFile(this, path, text, options)
  }

  getRemoteFileLines(path: string, regex?: RegExp | string, matching = true): Promise<string[]> {
    return content.getRemoteFileLines(this, path, regex, matching)
  }

  removeLinesFromFile(path: string, regex: RegExp | string): Promise<void> {
    return content.removeLinesFromFile(this, path, regex)
  }

  /** Copies files, directories and what patterns name from here to the node. @throws SCPException */
  put(locals: string | readonly string[], remote = '.', options: TransferOptions = {}): Promise<void> {
    const given = { ...options, signal: this.#signal(options.signal) }
    return observeTransfer(this.name, `put ${[locals].flat().join(' ')} to ${remote}`, given, (observed) =>
      put(this, locals, remote, observed),
    )
  }

  /** Copies files, directories and what patterns name from the node to here. @throws SCPException */
  get(remotes: string | readonly string[], local = '.', options: TransferOptions = {}): Promise<void> {
    const given = { ...options, signal: this.#signal(options.signal) }
    return observeTransfer(this.name, `get ${[remotes].flat().join(' ')} to ${local}`, given, (observed) =>
      get(this, remotes, local, observed),
    )
  }

  /** Full paths of a directory's entries. */
  ls(path = '.'): Promise<string[]> {
    return files.ls(this, path)
  }

  glob(pattern: string): Promise<string[]> {
    return glob(this, pattern)
  }

  stat(path: string): Promise<Stats> {
    return files.stat(this, path)
  }

  lstat(path: string): Promise<Stats> {
    return files.lstat(this, path)
  }

  async isfile(path: string): Promise<boolean> {
    return (await files.statIfThere(this, path))?.isFile() ?? false
  }

  async isdir(path: string): Promise<boolean> {
    return (await files.statIfThere(this, path))?.isDirectory() ?? false
  }

  async pathExists(path: string): Promise<boolean> {
    return (await files.statIfThere(this, path)) !== undefined
  }

  /** True for a symbolic link that points nowhere, too. */
  async lpathExists(path: string): Promise<boolean> {
    return (await files.lstatIfThere(this, path)) !== undefined
  }

  mkdir(path: string, mode = 0o755, ignoreFailure = false): Promise<void> {
    return files.mkdir(this, path, mode, ignoreFailure)
  }

  async makedirs(path: string, mode = 0o755): Promise<void> {
    await files.makedirs(this, path, mode)
  }

  unlink(path: string): Promise<void> {
    return files.unlink(this, path)
  }

  chmod(mode: number, path: string): Promise<void> {
    return files.chmod(this, mode, path)
  }

  chown(uid: number, gid: number, path: string): Promise<void> {
    return files.chown(this, uid, gid, path)
  }

  which(program: string): Promise<string | undefined> {
    return environment.which(this, program)
  }

  hasRequired(programs: readonly string[]): Promise<boolean> {
    return environment.hasRequired(this, programs)
  }

  checkRequired(programs: readonly string[]): Promise<void> {
    return environment.checkRequired(this, programs)
  }

  getEnv(): Promise<Record<string, string>> {
    return environment.getEnv(this)
  }

  getPath(): Promise<string> {
    return environment.getPath(this)
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
