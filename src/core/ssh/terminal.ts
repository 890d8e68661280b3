import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import type { SshConnection } from './connection.js'
import type { SshSession } from './session.js'

/** What a person types on and looks at. */
export interface Terminal {
  readonly input: Readable
  readonly output: Writable
  readonly errors: Writable
  /** Undefined: it is no terminal; the other side gets none either. */
  readonly window: TerminalWindow | undefined
}

export interface TerminalWindow {
  /** `xterm-256color`, ... */
  readonly term: string
  size(): { readonly columns: number; readonly rows: number }
  /** Calls back when the size has changed. Returns how to take that back. */
  onResize(tell: () => void): () => void
}

export interface InTerminalOptions {
  /** Shell text; undefined: a login shell. */
  readonly command?: string | undefined
  /** A terminal for the command, too. A login shell has one anyway. */
  readonly pseudoTty?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Connects a terminal with a login shell or a command. @returns its exit status; 128 + its number for a signal */
export async function inTerminal(
  session: SshSession,
  { input, output, errors, window }: Terminal,
  { command, pseudoTty = false, signal }: InTerminalOptions,
): Promise<number> {
  const shown = command === undefined || pseudoTty ? window : undefined
  const request = { command, terminal: shown && { term: shown.term, ...sizeOf(shown) } }
  return session.interactive(
    request,
    async (channel, connection) => {
      const ended = untilEnd(channel, connection)
      input.pipe(channel)
      channel.pipe(output, { end: false })
      channel.stderr.pipe(errors, { end: false })
      const resized = () => shown && resize(channel, shown)
      const stopResizing = shown?.onResize(resized)
      const hangUp = () => channel.close()
      signal?.addEventListener('abort', hangUp, { once: true })
      if (signal?.aborted) hangUp()
      try {
        return await ended
      } finally {
        signal?.removeEventListener('abort', hangUp)
        stopResizing?.()
        input.unpipe(channel)
        input.pause()
      }
    },
    signal,
  )
}

function sizeOf(window: TerminalWindow): { cols: number; rows: number } {
  const { columns, rows } = window.size()
  return { cols: columns, rows }
}

function resize(channel: ClientChannel, window: TerminalWindow): void {
  const { columns, rows } = window.size()
  channel.setWindow(rows, columns, 0, 0)
}

function untilEnd(channel: ClientChannel, connection: SshConnection): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 255 // as ssh: it ended without a word
    const stopListening = connection.onLost(reject)
    channel.on('error', () => channel.close())
    channel.once('exit', (code: number | null, signal?: string) => {
      status = code ?? 128 + (constants.signals[`SIG${signal?.replace(/^SIG/, '')}` as NodeJS.Signals] ?? 0)
    })
    channel.once('close', () => {
      stopListening()
      resolve(status)
    })
  })
}
