/** How a command on a node ended and what it said. Iterating over it gives its lines, as the original's list did. */
export class CommandResult implements Iterable<string> {
  /** Standard output's lines, then standard error's, without trailing white space. */
  readonly lines: string[]

  constructor(
    readonly command: string,
    /** `null` when a signal ended it. */
    readonly exitCode: number | null,
    /** `SIGTERM`, `SIGKILL`, ... when a signal ended it. */
    readonly signal: string | null,
    readonly stdout: string,
    readonly stderr: string,
    readonly durationMs: number,
  ) {
    this.lines = [...splitLines(stdout), ...splitLines(stderr)]
  }

  get failed(): boolean {
    return this.exitCode !== 0
  }

  [Symbol.iterator](): Iterator<string> {
    return this.lines[Symbol.iterator]()
  }
}

/** Lines without trailing white space; text that ends in a line end has no empty last line. */
export function splitLines(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n').map((line) => line.trimEnd())
  if (text.endsWith('\n')) lines.pop()
  return lines
}
