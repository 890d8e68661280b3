import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, type Stats, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { type LogRecord, type LogSink, levelName, timeStamp } from './log-record.js'

export interface FileSinkOptions {
  /** Bytes after which the file is rotated. Default 1 MiB. */
  readonly maxBytes?: number
  /** Rotated files kept: `debug.log.1` is the newest. Default 2. */
  readonly keep?: number
}

/**
 * Appends every record to `path`. Each line carries the process id, so that a reader can take one process's lines out of
 * a file several of them write. A log that cannot be written is reported once and then given up: it must never stop work.
 */
export function openFileSink(
  path: string,
  options: FileSinkOptions & { readonly onFailure: (text: string) => void },
): LogSink {
  const file = new RotatingFile(path, options.maxBytes ?? 1024 * 1024, options.keep ?? 2)
  let failed = false
  return {
    accepts: () => !failed,
    write(record) {
      try {
        file.append(formatRecord(record))
      } catch (error) {
        failed = true
        file.close()
        options.onFailure(`cannot write the log file ${path}: ${(error as Error).message}`)
      }
    },
    close: () => file.close(),
  }
}

function formatRecord(record: LogRecord): string {
  const prefix = `${timeStamp(record.time)} PID: ${process.pid} ${record.caller} - ${levelName(record.level)} - `
  return record.text
    .split('\n')
    .map((line) => `${prefix}${line}\n`)
    .join('')
}

/** Synchronous, so that the last lines before a crash or an exit are in the file. */
class RotatingFile {
  private fd: number | undefined

  constructor(
    private readonly path: string,
    private readonly maxBytes: number,
    private readonly keep: number,
  ) {}

  append(text: string): void {
    const bytes = Buffer.from(text)
    this.fd ??= this.open()
    const size = fstatSync(this.fd).size
    if (size > 0 && size + bytes.length > this.maxBytes) this.rotate()
    writeSync(this.fd, bytes)
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd)
    this.fd = undefined
  }

  private open(): number {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
    // Only its owner may read what commands printed.
    return openSync(this.path, 'a', 0o600)
  }

  /** Makes room, unless another process has already done it or is doing it now: then the file grows a little more. */
  private rotate(): void {
    const lock = `${this.path}.lock`
    if (!takeLock(lock)) return
    try {
      const current = statOf(this.path)
      const ours = fstatSync(this.fd as number)
      if (current?.ino === ours.ino && current.dev === ours.dev) this.shift()
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
    this.close()
    this.fd = this.open()
  }

  private shift(): void {
    const name = (age: number) => (age === 0 ? this.path : `${this.path}.${age}`)
    rmSync(name(this.keep), { force: true })
    for (let age = this.keep - 1; age >= 0; age--) if (statOf(name(age))) renameSync(name(age), name(age + 1))
  }
}

/** A directory as lock: making one is atomic. One left behind by a killed process is taken over. */
function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const held = statOf(lock)
  if (held && Date.now() - held.mtimeMs > STALE_LOCK_MS) rmSync(lock, { recursive: true, force: true })
  return false
}

const STALE_LOCK_MS = 10_000

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}
