import type { WriteStream } from 'node:tty'

/** After so long a wait is worth a line. */
const PATIENCE_MS = 1000
const REFRESH_MS = 250

/**
 * One line at the bottom of the terminal that tells what is being waited for; gone without a trace when it is over.
 * While it is there, what anybody writes to stdout or stderr stands above it.
 */
export class StatusLine {
  private shown = false
  private timer: NodeJS.Timeout | undefined
  private unguard: (() => void)[] = []
  /** The cursor is at the beginning of a line: there is nothing that ours would spoil. */
  private atStart = true

  /** @param text what to show now; undefined for nothing */
  constructor(
    private readonly terminal: WriteStream,
    private readonly text: () => string | undefined,
  ) {}

  /** Nothing is shown where no terminal is, or a dumb one. */
  static fits(terminal: WriteStream): boolean {
    return terminal.isTTY === true && process.env.TERM !== 'dumb'
  }

  begin(): void {
    this.unguard = [process.stdout, process.stderr].map((stream) => this.guard(stream))
    this.timer = setTimeout(() => {
      this.draw()
      this.timer = setInterval(() => this.draw(), REFRESH_MS)
      this.timer.unref()
    }, PATIENCE_MS)
    this.timer.unref()
  }

  end(): void {
    clearInterval(this.timer)
    this.clear()
    for (const release of this.unguard) release()
  }

  /** Removes the line; the next refresh shows it again. */
  private clear(): void {
    if (!this.shown) return
    this.shown = false
    this.terminal.write('\r\x1b[K')
    this.atStart = true
  }

  /** Also what plugins print by themselves must not stand in the line. @returns takes it back */
  private guard(stream: WriteStream): () => void {
    const { write } = stream
    const guarded = ((chunk: string | Uint8Array, ...more: []) => {
      this.clear()
      this.atStart = endsLine(chunk)
      return write.call(stream, chunk, ...more)
    }) as typeof write
    stream.write = guarded
    return () => {
      if (stream.write === guarded) stream.write = write
    }
  }

  private draw(): void {
    const text = this.text()
    this.clear()
    if (text === undefined || !this.atStart) return
    const columns = this.terminal.columns || 80
    this.terminal.write(text.length < columns ? text : `${text.slice(0, columns - 2)}…`)
    this.shown = true
  }
}

const newline = 0x0a

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk.at(-1) === newline
}
