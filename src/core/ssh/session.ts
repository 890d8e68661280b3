import type { ClientChannel, SFTPWrapper } from 'ssh2'
import { untilAborted } from '../wait.js'
import { type InteractiveRequest, NothingWasRun, SshConnection, type SshTarget } from './connection.js'
import { LoginElsewhere } from './errors.js'
import { otherLogin } from './other-login.js'

/** A login on a node that outlives its connections: opened at first use, opened again when found dead. */
export class SshSession {
  #connection: SshConnection | undefined
  #opening: Promise<SshConnection> | undefined
  #shell: Promise<string> | undefined
  #closed = 0

  constructor(readonly target: SshTarget) {}

  /** The living connection, or a new one. Callers at the same time share one attempt. */
  async connection(signal?: AbortSignal): Promise<SshConnection> {
    signal?.throwIfAborted()
    if (this.#connection?.alive) return this.#connection
    this.#opening ??= SshConnection.open(this.target)
      .then((connection) => {
        this.#connection = connection
        return connection
      })
      .finally(() => {
        this.#opening = undefined
      })
    return untilAborted(this.#opening, signal)
  }

  /** Runs `use` on a channel executing `line`. A connection that turns out dead before anything ran is replaced, once. */
  async withChannel<T>(
    line: string,
    use: (channel: ClientChannel, connection: SshConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#onConnection(
      (connection) => connection.withChannel(line, (channel) => use(channel, connection), signal),
      signal,
    )
  }

  interactive<T>(
    request: InteractiveRequest,
    use: (channel: ClientChannel, connection: SshConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#onConnection(
      (connection) => connection.interactive(request, (channel) => use(channel, connection)),
      signal,
    )
  }

  sftp(signal?: AbortSignal): Promise<SFTPWrapper> {
    return this.#onConnection((connection) => connection.sftp(), signal)
  }

  /**
   * The user's login shell, asked once: it decides how a command must be written.
   * @throws LoginElsewhere when the account answers everything with a request to use another one
   */
  loginShell(signal?: AbortSignal): Promise<string> {
    // without the signal: others may wait for the same answer
    this.#shell ??= this.withChannel('echo $SHELL', readAnswer).catch((error: unknown) => {
      this.#shell = undefined
      throw error
    })
    return untilAborted(this.#shell, signal)
  }

  get isActive(): boolean {
    return this.#connection?.alive ?? false
  }

  close(): void {
    this.#closed++
    this.#connection?.close()
    this.#connection = undefined
    // an attempt under way is not waited for, but must not leave a connection behind either
    this.#opening?.then(
      (connection) => connection.close(),
      () => undefined,
    )
  }

  async #onConnection<T>(act: (connection: SshConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const closed = this.#closed
    try {
      return await act(await this.connection(signal))
    } catch (error) {
      // closed on purpose: what was under way is given up, not begun again on a connection nobody would close
      if (!(error instanceof NothingWasRun) || closed !== this.#closed) throw error
      return act(await this.connection(signal))
    }
  }
}

/** Everything a channel prints on standard output, until it closes or the connection breaks. @throws LoginElsewhere */
async function readAnswer(channel: ClientChannel, connection: SshConnection): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = []
    const stopListening = connection.onLost(reject)
    const { name, username } = connection.target
    channel.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const other = otherLogin(Buffer.concat(chunks).toString())
      if (!other) return
      stopListening()
      channel.close() // it would stay open for another ten seconds
      reject(new LoginElsewhere(name, username, other.user))
    })
    channel.stderr.resume()
    channel.once('close', () => {
      stopListening()
      resolve(Buffer.concat(chunks).toString())
    })
    channel.end()
  })
}
