import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const keptLines = 1_000

/**
 * Lines of all sessions, oldest first in the file, appended one by one so that shells side by side lose nothing.
 * An entry of several lines is one line of the file.
 */
export class History {
  constructor(private readonly file: string | undefined) {}

  /** Newest first, as readline wants them; trims a file that has grown. */
  load(): string[] {
    if (this.file === undefined) return []
    const entries = readEntries(this.file)
    const kept = entries.slice(-keptLines)
    if (entries.length > 2 * keptLines) this.#replace(kept)
    return kept.reverse()
  }

  /** Blank lines are not remembered. */
  add(entry: string): void {
    if (this.file === undefined || entry.trim() === '') return
    mkdirSync(dirname(this.file), { recursive: true })
    appendFileSync(this.file, `${encodeEntry(entry)}\n`, { mode: 0o600 })
  }

  #replace(entries: readonly string[]): void {
    const fresh = `${this.file}.${process.pid}`
    writeFileSync(fresh, entries.map((entry) => `${encodeEntry(entry)}\n`).join(''), { mode: 0o600 })
    renameSync(fresh, this.file!)
  }
}

function readEntries(file: string): string[] {
  try {
    const text = readFileSync(file, 'utf8')
    chmodSync(file, 0o600)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(decodeEntry)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export function encodeEntry(entry: string): string {
  return entry.replace(/[\\\n\r]/g, (c) => (c === '\n' ? '\\n' : c === '\r' ? '\\r' : '\\\\'))
}

export function decodeEntry(line: string): string {
  return line.replace(/\\([\\nr])/g, (_, c: string) => (c === 'n' ? '\n' : c === 'r' ? '\r' : '\\'))
}
