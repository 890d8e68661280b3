import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClientChannel } from 'ssh2'
import { untilAborted } from '../wait.js'
import { SSHError } from './errors.js'
import { quote } from './quote.js'
import type { RemoteHost } from './remote-host.js'
import { anyShellLine } from './remote-shell.js'

interface StreamOptions {
  /** Bytes at the beginning that are left out. */
  readonly offset?: number
  readonly signal?: AbortSignal | undefined
  /** Told of every piece that goes through, in bytes. */
  readonly tell?: ((bytes: number) => void) | undefined
}

/** Streams a file of the node. */
export async function streamFromFile(
  host: RemoteHost,
  path: string,
  sink: Writable,
  { offset = 0, signal, tell = () => undefined }: StreamOptions = {},
): Promise<void> {
  const copy = (channel: ClientChannel) => {
    channel.end()
    return pipeline(channel, (chunks: AsyncIterable<Buffer>) => counted(chunks, tell), sink, signal ? { signal } : {})
  }
  const program = offset > 0 ? `tail -c +${offset + 1}` : 'cat'
  await throughChannel(host, anyShellLine(`exec ${program} -- ${quote(path)}`), copy, signal)
}

export async function* counted(chunks: AsyncIterable<Buffer>, tell: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    tell(chunk.length)
    yield chunk
  }
}

/** Runs a command line whose input or output is copied. @throws SSHError with what it said when it fails */
export async function throughChannel(
  host: RemoteHost,
  line: string,
  copy: (channel: ClientChannel) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await host.session.withChannel(
    line,
    async (channel, connection) => {
      const ended = endOf(channel, (tell) => connection.onLost(tell))
      try {
        await Promise.race([copy(channel), ended.broken])
        const { code, stderr } = await ended.closed
        if (code !== 0) throw new SSHError(stderr.trim() || `the copy ended with exit code ${code}`)
      } catch (error) {
        channel.close()
        signal?.throwIfAborted()
        throw error
      }
    },
    signal,
  )
}

function endOf(channel: ClientChannel, onLost: (tell: (error: Error) => void) => () => void) {
  let stderr = ''
  let code: number | null = null
  channel.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(0, 2000)
  })
  channel.once('exit', (exitCode: number | null) => {
    code = exitCode
  })
  let stopListening: (() => void) | undefined
  const broken = new Promise<never>((_, reject) => {
    stopListening = onLost(reject)
  })
  broken.catch(() => undefined)
  const closed = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    channel.once('close', () => {
      stopListening?.()
      resolve({ code, stderr })
    })
  })
  const ended = Promise.race([closed, broken])
  ended.catch(() => undefined)
  return { closed: ended, broken }
}

/** `pipeline` would wait for ever for the end of an ssh2 channel that was closed before all was written. */
export async function pump(
  source: AsyncIterable<Buffer>,
  channel: ClientChannel,
  signal: AbortSignal | undefined,
): Promise<void> {
  channel.resume() // without a reader of its output a channel never tells that it was closed
  const closed = once(channel, 'close')
  for await (const chunk of source) {
    signal?.throwIfAborted()
    if (channel.write(chunk)) continue
    const ended = await untilAborted(
      Promise.race([once(channel, 'drain').then(() => false), closed.then(() => true)]),
      signal,
    )
    if (ended) return // too early: the exit code says why
  }
  channel.end()
}

function once(channel: ClientChannel, event: string): Promise<void> {
  return new Promise((resolve) => channel.once(event, () => resolve()))
}
