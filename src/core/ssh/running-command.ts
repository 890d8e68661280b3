import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { ClientChannel } from 'ssh2'
import { deadlineSignal, untilAborted } from '../wait.js'
import type { SshConnection } from './connection.js'
import { anyShellLine, killSessionScript, type ProcessMarker } from './remote-shell.js'
import type { SshSession } from './session.js'

/** After the command's end, how long a background process of it may hold its output open in silence. */
const OUTPUT_GRACE_MS = 5_000
const KILL_DEADLINE_MS = 15_000
const MARKER_DEADLINE_MS = 2_000

/** Told of output as it comes. Nothing more of that stream comes before a promise it returns is settled. */
export type OutputListener = (stream: 'stdout' | 'stderr', chunk: Buffer) => Promise<void> | undefined

/** A command whose channel is open: what it has said, how it ended, and the means to end it. */
export class RunningCommand {
  exitCode: number | null = null
  signal: string | null = null
  /** The command is over, but something it started still holds its standard output or error. */
  leftOutputOpen = false
  /** Resolves when the channel is closed; rejects when the connection breaks before. */
  readonly ended: Promise<void>
  readonly #stdout: Buffer[] = []
  readonly #stderr: Buffer[] = []
  readonly #marker: ProcessMarker
  readonly #markerSeen: Promise<void>
  #pid: number | undefined
  /** Listeners that have not yet taken what they were given. */
  #heldBack = 0

  /** @param keep false: output is not kept, for commands that print more than fits into memory */
  constructor(
    readonly channel: ClientChannel,
    connection: SshConnection,
    marker: ProcessMarker,
    private readonly keep = true,
  ) {
    this.#marker = marker
    if (keep) channel.on('data', (chunk: Buffer) => this.#stdout.push(chunk))
    this.#markerSeen = new Promise((resolve) => {
      channel.stderr.on('data', (chunk: Buffer) => {
        if (keep || this.#lookForPid) this.#stderr.push(chunk)
        if (this.#pid === undefined && this.#findPid()) resolve()
      })
    })
    this.ended = this.#untilClosed(connection)
    // a break while nobody waits any more (the command is being killed) is told by the kill
    this.ended.catch(() => undefined)
  }

  get stdout(): string {
    return Buffer.concat(this.#stdout).toString()
  }

  get stderr(): string {
    if (!this.keep) return ''
    const text = Buffer.concat(this.#stderr).toString()
    return this.#marker.find(text)?.rest ?? text
  }

  /** Calls back for every line of output as it comes. */
  onLine(tell: (line: string) => void): void {
    const lines = { stdout: new LineSplitter(tell), stderr: new LineSplitter(tell) }
    this.onOutput((stream, chunk) => void lines[stream].add(chunk))
    this.channel.once('close', () => {
      lines.stdout.end()
      lines.stderr.end()
    })
  }

  /** Calls back for every piece of output as it comes, without our marker. */
  onOutput(tell: OutputListener): void {
    const pass = (stream: 'stdout' | 'stderr', chunk: Buffer) => {
      const taken = chunk.length > 0 ? tell(stream, chunk) : undefined
      if (taken) void this.#holdBack(stream === 'stdout' ? this.channel : this.channel.stderr, taken)
    }
    let beforeMarker: string | undefined = ''
    this.channel.on('data', (chunk: Buffer) => pass('stdout', chunk))
    this.channel.stderr.on('data', (chunk: Buffer) => {
      if (beforeMarker === undefined) return pass('stderr', chunk)
      beforeMarker += chunk.toString()
      const found = this.#marker.find(beforeMarker)
      if (!found) return
      beforeMarker = undefined
      pass('stderr', Buffer.from(found.rest))
    })
  }

  async #holdBack(source: Readable, taken: Promise<void>): Promise<void> {
    this.#heldBack += 1
    source.pause()
    await taken
    this.#heldBack -= 1
    source.resume()
  }

  feed(stdin: string | Uint8Array | undefined): void {
    if (stdin === undefined) this.channel.end()
    else this.channel.end(typeof stdin === 'string' ? stdin : Buffer.from(stdin))
  }

  /** Ends the command and all of its session's processes; returns when they are gone or the deadline has passed. */
  async kill(session: SshSession): Promise<void> {
    const deadline = deadlineSignal(KILL_DEADLINE_MS, new Error('deadline for ending a remote command'))
    try {
      await Promise.race([this.#markerSeen, this.ended, delay(MARKER_DEADLINE_MS, deadline.signal)])
      if (this.#pid !== undefined) await untilAborted(this.#killSession(session, this.#pid), deadline.signal)
      else this.channel.signal('KILL')
    } catch {
      // The node cannot be reached or does not answer: sshd ends what it can when it notices the same.
      this.channel.close()
    } finally {
      deadline.release()
      this.channel.close()
    }
  }

  async #killSession(session: SshSession, pid: number): Promise<void> {
    const connection = await session.connection()
    const closed = (channel: ClientChannel) =>
      new Promise<void>((resolve, reject) => {
        const stopListening = connection.onLost(reject)
        channel.once('close', () => {
          stopListening()
          resolve()
        })
        channel.resume()
        channel.stderr.resume()
        channel.end()
      })
    await connection.execNow(anyShellLine(killSessionScript(pid)), closed)
  }

  /** What start-up files print comes before it; a command that prints megabytes is past it. */
  get #lookForPid(): boolean {
    return this.#pid === undefined && this.#stderr.length <= 64
  }

  #findPid(): boolean {
    if (!this.#lookForPid) return false
    this.#pid = this.#marker.find(Buffer.concat(this.#stderr).toString())?.pid
    return this.#pid !== undefined
  }

  #untilClosed(connection: SshConnection): Promise<void> {
    return new Promise((resolve, reject) => {
      let grace: NodeJS.Timeout | undefined
      const stopListening = connection.onLost((error) => {
        clearTimeout(grace)
        reject(error)
      })
      const giveUp = () => {
        if (this.#heldBack > 0) return void grace?.refresh() // silent only because nobody listens
        this.leftOutputOpen = true
        this.channel.close()
      }
      this.channel.once('exit', (code: number | null, signal?: string) => {
        this.exitCode = code
        this.signal = signal ?? null
        grace = setTimeout(giveUp, OUTPUT_GRACE_MS)
        this.channel.on('data', () => grace?.refresh())
        this.channel.stderr.on('data', () => grace?.refresh())
      })
      this.channel.once('close', () => {
        clearTimeout(grace)
        stopListening()
        resolve()
      })
    })
  }
}

class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  constructor(readonly tell: (line: string) => void) {}

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.tell(line.trimEnd())
  }

  end(): void {
    if (this.#rest !== '') this.tell(this.#rest.trimEnd())
    this.#rest = ''
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
}
