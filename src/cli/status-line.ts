import type { WriteStream } from 'node:tty'

/** After so long a wait is worth a line. */
const PATIENCE_MS = 1000
const REFRESH_MS = 250

/**
 * One line at the bottom of the terminal that tells what is being waited for; gone without a trace when it is over.
 * Whatever else is printed must go through `stream`, so that it stands above.
 */
export class StatusLine {
  private shown = false
  private timer: NodeJS.Timeout | undefined

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
  }

  /** Removes the line; the next refresh shows it again. */
  clear(): void {
    if (this.shown) this.terminal.write('\r\x1b[K')
    this.shown = false
  }

  private draw(): void {
    const text = this.text()
    this.clear()
    if (text === undefined) return
    const columns = this.terminal.columns || 80
    this.terminal.write(text.length < columns ? text : `${text.slice(0, columns - 2)}…`)
    this.shown = true
  }
}
