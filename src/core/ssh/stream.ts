import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClientChannel } from 'ssh2'
import { SSHError } from './errors.js'
import { quote } from './quote.js'
import type { RemoteHost } from './remote-host.js'
import { anyShellLine } from './remote-shell.js'

/** Streams into a file on the node. Faster than sftp for more than a few packets; an abort stops it. */
export async function streamToFile(
  host: RemoteHost,
  source: Readable,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  await throughCat(host, `exec cat > ${quote(path)}`, (channel) => pipeline(source, channel, abortable(signal)), signal)
}

/** Streams a file of the node. */
export async function streamFromFile(
  host: RemoteHost,
  path: string,
  sink: Writable,
  signal?: AbortSignal,
): Promise<void> {
  const copy = (channel: ClientChannel) => {
    channel.end()
    return pipeline(channel, sink, abortable(signal))
  }
  await throughCat(host, `exec cat -- ${quote(path)}`, copy, signal)
}

async function throughCat(
  host: RemoteHost,
  script: string,
  copy: (channel: ClientChannel) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await host.session.withChannel(
    anyShellLine(script),
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
  return { closed: Promise.race([closed, broken]), broken }
}

function abortable(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {}
}
