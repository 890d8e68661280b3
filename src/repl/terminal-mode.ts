import type { ReadStream, WriteStream } from 'node:tty'

/** The terminal of a session. */
export interface TerminalMode {
  /** There is one. */
  readonly isOne: boolean
  /**
   * Another program reads the keys, and Ctrl-C is a signal for it, until the returned function is called.
   * Nothing happens without a terminal.
   *
   * @param options.keepInterrupts that program minds Ctrl-C itself, our line goes on
   */
  handOver(options?: { readonly keepInterrupts?: boolean }): () => void
}

export const noTerminal: TerminalMode = { isOne: false, handOver: () => () => undefined }

/** In this mode a terminal tells pasted text from typed text. */
const pasteMarks = { on: '\x1b[?2004h', off: '\x1b[?2004l' }

/** The terminal the line editor works in: raw, with pasted text marked, except while another program has it. */
export class EditorTerminal implements TerminalMode {
  readonly isOne = true
  #closed = false
  #interruptsAreTheirs = false

  constructor(
    private readonly input: ReadStream,
    private readonly output: WriteStream,
  ) {
    this.#markPastes(true)
  }

  /** Ctrl-C is the business of the program that has the terminal now. */
  get interruptsAreTheirs(): boolean {
    return this.#interruptsAreTheirs
  }

  handOver({ keepInterrupts = false }: { readonly keepInterrupts?: boolean } = {}): () => void {
    const { input } = this
    if (!input.isRaw || this.#closed) return () => undefined // handed over already
    input.pause()
    input.setRawMode(false)
    this.#markPastes(false)
    this.#interruptsAreTheirs = keepInterrupts
    return () => {
      this.#interruptsAreTheirs = false
      if (this.#closed) return
      input.setRawMode(true)
      this.#markPastes(true)
      input.resume()
    }
  }

  close(): void {
    this.#closed = true
    this.#markPastes(false)
  }

  #markPastes(on: boolean): void {
    if (process.env.TERM !== 'dumb') this.output.write(on ? pasteMarks.on : pasteMarks.off)
  }
}
