import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Client, ClientChannel, PseudoTtyOptions, SFTPWrapper } from 'ssh2'
import { deadlineSignal, untilAborted } from '../wait.js'
import { connectError, isKeyProblem, keyError, withReason } from './connect-errors.js'
import { SSHConnectionError, SSHError } from './errors.js'
import type { HostKeyVerifier } from './host-keys.js'

/** Where and as whom to log in. */
export interface SshTarget {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly privateKey: Buffer | string
  /** The node's alias, for messages. */
  readonly name: string
  readonly hostKeys: HostKeyVerifier
  readonly connectTimeoutMs: number
  /** How a stream to `host` and `port` is made, where they are not reached directly. */
  readonly through?: (host: string, port: number, signal?: AbortSignal) => Promise<Duplex>
  /** Asked when nothing answers there: what to do, where that can be known. */
  readonly whyUnreachable?: () => Promise<string | undefined>
}

/** sshd allows 10 (MaxSessions) and frees one only after we have seen it close; sftp and kill commands need some too. */
const MAX_CHANNELS = 6
const CHANNEL_OPEN_DEADLINE_MS = 10_000
/** sshd answers the opening of a channel without starting anything: without a byte for so long it is gone. */
const SILENCE_MS = 8_000
/** A connection that breaks without a word is noticed after three to four of these, also while a command is silent. */
const KEEPALIVE_MS = 8_000

/** The connection was gone before sshd took the request: nothing ran, asking again on a new connection is safe. */
export class NothingWasRun extends SSHConnectionError {}

/** One authenticated connection. When it breaks it stays broken: `SshSession` replaces it. */
export class SshConnection {
  readonly #client: Client
  readonly #socket: Duplex
  readonly #slots = pLimit(MAX_CHANNELS)
  readonly #onLost = new Set<(error: SSHConnectionError) => void>()
  #sftp: Promise<SFTPWrapper> | undefined
  #alive = true
  /** Bytes since the handshake. */
  #received = 0

  private constructor(
    client: Client,
    socket: Duplex,
    readonly target: SshTarget,
    /** The host key the server proved to have. */
    readonly hostKey: Buffer,
  ) {
    this.#client = client
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.length
    })
    let reason = new Error('connection closed')
    client.on('error', (error) => {
      reason = error
    })
    client.once('close', () => {
      this.#alive = false
      for (const tell of this.#onLost) tell(this.#broken(reason))
      this.#onLost.clear()
    })
  }

  /** @throws SSHConnectionError, SSHAuthException, SSHNoCredentialsError, HostKeyMismatch, HostKeyUnknown */
  static async open(target: SshTarget, signal?: AbortSignal): Promise<SshConnection> {
    const { host, port, name, connectTimeoutMs } = target
    const late = new SSHConnectionError(`${name}: no ssh connection to ${host}:${port} within ${connectTimeoutMs} ms`, {
      hint: 'the node may still be booting, or a security group may keep port 22 closed',
    })
    const deadline = deadlineSignal(connectTimeoutMs, late, signal)
    try {
      return await SshConnection.#handshake(target, deadline.signal)
    } catch (error) {
      throw error === late || isTimeout(error) ? await withReason(target, error) : error
    } finally {
      deadline.release()
    }
  }

  static async #handshake(target: SshTarget, signal: AbortSignal): Promise<SshConnection> {
    const { Client } = (await import('ssh2')).default
    const preferred = (await target.hostKeys.knownKeyTypes?.(target.host, target.port)) ?? []
    signal.throwIfAborted()
    const socket = await openStream(target, signal)
    const client = new Client()
    let hostKey = Buffer.alloc(0)
    let refusal: unknown
    const ready = new Promise<void>((resolve, reject) => {
      client.once('ready', resolve)
      client.once('error', (error) => reject(refusal ?? connectError(target, error)))
      client.once('close', () => reject(refusal ?? connectError(target, new Error('connection closed by the server'))))
      socket.once('error', (error) => reject(connectError(target, error)))
    })
    const hostVerifier = (key: Buffer, answer: (valid: boolean) => void): void => {
      hostKey = Buffer.from(key)
      target.hostKeys.verify(target.host, target.port, hostKey).then(
        () => answer(true),
        (error: unknown) => {
          refusal = error
          answer(false)
        },
      )
    }
    try {
      client.connect({
        sock: socket,
        username: target.username,
        privateKey: target.privateKey,
        authHandler: ['publickey'],
        hostVerifier,
        readyTimeout: 0,
        keepaliveInterval: KEEPALIVE_MS,
        keepaliveCountMax: 3,
        algorithms: { serverHostKey: { prepend: signatureAlgorithms(preferred) as never, append: [], remove: [] } },
      })
      await untilAborted(ready, signal)
    } catch (error) {
      client.on('error', () => socket.destroy())
      client.destroy()
      socket.destroy()
      throw refusal ?? (isKeyProblem(error) ? keyError(target, error) : error)
    }
    return new SshConnection(client, socket, target, hostKey)
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Runs `use` on a channel that executes `line`; at most six at once. The slot is free again when `use` is done. */
  withChannel<T>(line: string, use: (channel: ClientChannel) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const waiting = new AbortController()
    const leaveQueue = () => waiting.abort(signal?.reason)
    signal?.addEventListener('abort', leaveQueue, { once: true })
    const stopWaiting = () => signal?.removeEventListener('abort', leaveQueue)
    const run = this.#slots(async () => {
      signal?.throwIfAborted()
      stopWaiting()
      return this.execNow(line, use)
    })
    return untilAborted(run, waiting.signal).finally(stopWaiting)
  }

  /** Calls back once, when the connection breaks. Returns how to take that back. */
  onLost(tell: (error: SSHConnectionError) => void): () => void {
    this.#onLost.add(tell)
    return () => this.#onLost.delete(tell)
  }

  /** The same outside the six: for ending commands. */
  async execNow<T>(line: string, use: (channel: ClientChannel) => Promise<T>): Promise<T> {
    const start = (channel: ClientChannel) => {
      // writing to a command that has stopped reading is none of our failures: its exit code says what happened
      channel.on('error', () => channel.close())
      return use(channel)
    }
    const { begun } = await this.#open((done) => this.#client.exec(line, done), start)
    return begun
  }

  /** A login shell, or a command, with a terminal where one is asked for; outside the six. */
  async interactive<T>(
    { command, terminal }: InteractiveRequest,
    use: (channel: ClientChannel) => Promise<T>,
  ): Promise<T> {
    const request: Request<ClientChannel> =
      command === undefined
        ? (done) => this.#client.shell(terminal ?? false, done)
        : (done) => this.#client.exec(command, terminal ? { pty: terminal } : {}, done)
    const { begun } = await this.#open(request, use)
    return begun
  }

  /** The connection's one sftp session. */
  async sftp(): Promise<SFTPWrapper> {
    const forget = () => {
      this.#sftp = undefined
    }
    const watch = (sftp: SFTPWrapper) => {
      sftp.once('close', forget)
      sftp.on('error', forget)
      return sftp
    }
    this.#sftp ??= this.#open<SFTPWrapper, SFTPWrapper>((done) => this.#client.sftp(done), watch).then(
      ({ begun }) => begun,
    )
    try {
      return await this.#sftp
    } catch (error) {
      forget()
      throw error
    }
  }

  /** A stream to a port as this host reaches it. Not tried again: a refusal is the other's. @throws SSHConnectionError */
  async forward(host: string, port: number): Promise<Duplex> {
    const request: Request<ClientChannel> = (done) => this.#client.forwardOut('127.0.0.1', 0, host, port, done)
    try {
      return (await this.#attempt(request, (channel) => channel, 'keep')).begun
    } catch (error) {
      if (!this.#alive) throw this.#broken(error)
      const why = messageOf(error).replace('(SSH) Channel open failure: ', '')
      throw new SSHConnectionError(`${this.target.name}: it does not reach ${host}:${port} (${why})`, {
        cause: error,
        hint: 'the node may still be booting, a security group may keep port 22 closed to the jump host, or its sshd forbids forwarding (AllowTcpForwarding)',
      })
    }
  }

  close(): void {
    this.#alive = false
    this.#client.end()
    // a peer that is gone and never answers must not keep our process alive
    if ('unref' in this.#socket) (this.#socket as Socket).unref()
  }

  destroy(): void {
    this.#alive = false
    this.#client.destroy()
    this.#socket.destroy()
  }

  /**
   * Opens a channel, again when sshd has no free session for it. `begin` is called in the same tick in which the channel
   * opens: the end of a quick command can be in the same packet, and nobody would hear it a tick later.
   */
  async #open<C, T>(request: Request<C>, begin: (channel: C) => T): Promise<{ begun: T }> {
    const giveUp = performance.now() + CHANNEL_OPEN_DEADLINE_MS
    for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
      const received = this.#received
      try {
        return await this.#attempt(request, begin)
      } catch (error) {
        // the request to run something is sent only after sshd's answer to the opening: no byte back, nothing run
        if (!this.#alive) throw this.#received === received ? this.#nothingWasRun(error) : this.#broken(error)
        const noFreeSession = error instanceof Error && error.message.includes('Channel open failure')
        if (!noFreeSession || performance.now() > giveUp) throw this.#refused(error)
      }
      await sleep(pause)
    }
  }

  /** @param silent what an opening that is not answered says of the connection: nothing where it waits for another host */
  #attempt<C, T>(
    request: Request<C>,
    begin: (channel: C) => T,
    silent: 'destroy' | 'keep' = 'destroy',
  ): Promise<{ begun: T }> {
    return new Promise((resolve, reject) => {
      if (!this.#alive) return reject(new Error('connection closed'))
      const received = this.#received
      const giveUp = () => {
        if (silent === 'destroy') this.destroy()
        settle(new Error('no answer from sshd'))
      }
      // early only where nothing can have begun and no other command would be lost with the connection
      const lookForLife = () => {
        if (silent === 'destroy' && this.#received === received && this.#slots.activeCount <= 1) giveUp()
      }
      const timers = [setTimeout(lookForLife, SILENCE_MS), setTimeout(giveUp, this.target.connectTimeoutMs)]
      const stopListening = this.onLost((error) => settle(error))
      let settled = false
      const settle = (error: Error | undefined, channel?: C) => {
        if (settled) return void (channel as { close?(): void } | undefined)?.close?.() // nobody waits for it any more
        settled = true
        for (const timer of timers) clearTimeout(timer)
        stopListening()
        error ? reject(error) : resolve({ begun: begin(channel as C) })
      }
      try {
        request(settle)
      } catch (error) {
        this.#alive = false
        settle(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  #broken(cause: unknown): SSHConnectionError {
    if (cause instanceof SSHConnectionError) return cause
    return new SSHConnectionError(`${this.target.name}: the ssh connection was lost (${messageOf(cause)})`, { cause })
  }

  #nothingWasRun(cause: unknown): NothingWasRun {
    return new NothingWasRun(`${this.target.name}: the ssh connection was lost (${messageOf(cause)})`, { cause })
  }

  #refused(cause: unknown): SSHError {
    return new SSHError(`${this.target.name}: sshd refused to open a channel (${messageOf(cause)})`, {
      cause,
      hint: 'sshd allows MaxSessions channels a connection (10 by default); see its log on the node',
    })
  }
}

export interface InteractiveRequest {
  readonly command?: string | undefined
  readonly terminal?: PseudoTtyOptions | undefined
}

type Request<C> = (done: (error: Error | undefined, channel: C) => void) => unknown

async function openStream(target: SshTarget, signal: AbortSignal): Promise<Duplex> {
  const { host, port, through } = target
  if (through) return through(host, port, signal)
  // without noDelay every small exchange waits some 40 ms for a delayed ACK
  return connectTcp({ host, port, noDelay: true })
}

/** rsa keys sign with sha-2 today; the key's own name would ask for the retired sha-1 signature. */
function signatureAlgorithms(types: readonly string[]): string[] {
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]))
}

function isTimeout(error: unknown): boolean {
  const { code } = (error as { cause?: { code?: unknown } }).cause ?? {}
  return code === 'ETIMEDOUT' || code === 'EHOSTUNREACH'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
