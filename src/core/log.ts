import { format } from 'node:util'
import { type FileSinkOptions, openFileSink } from './log-file.js'
import type { LogLevel, LogRecord, LogSink } from './log-record.js'
import { lineSink, type ScreenOptions, screenSink } from './log-screen.js'
import { redact } from './log-secrets.js'

export { screenLevel, setScreenLevel } from './log-screen.js'
export { addSecret, redact } from './log-secrets.js'

/** What code logs to. Plugins import the shared `log`; nothing is printed until a composition point adds sinks. */
export interface Logger {
  debug(message: string, ...args: unknown[]): void
  info(message: string, ...args: unknown[]): void
  warn(message: string, ...args: unknown[]): void
  error(message: string, ...args: unknown[]): void
  critical(message: string, ...args: unknown[]): void
  fatal(message: string, ...args: unknown[]): void
}

/** The one logger of the process. Messages may hold the placeholders of `util.format`. */
export const log: Logger = {
  debug: method('debug'),
  info: method('info'),
  warn: method('warn'),
  error: method('error'),
  critical: method('critical'),
  fatal: method('fatal'),
}

export interface LogOptions extends FileSinkOptions {
  readonly screen?: ScreenOptions
  /** Path of the log file: every level, rotated. Its folder is made when missing. */
  readonly file?: string
  /** Given each line as a screen shows it, without colours and debug messages. */
  readonly collect?: (line: string) => void
}

/** Adds sinks to the shared log until `close()` is called. Several may be active at once. */
export function configureLog(options: LogOptions): { close(): void } {
  const added: LogSink[] = []
  if (options.screen) added.push(screenSink(options.screen))
  // After the screen, so that a log file that cannot be written is reported there.
  if (options.file) added.push(openFileSink(options.file, { ...options, onFailure: (text) => log.warn(text) }))
  if (options.collect) added.push(lineSink(options.collect))
  for (const sink of added) sinks.add(sink)
  return {
    close() {
      for (const sink of added) if (sinks.delete(sink)) sink.close?.()
    },
  }
}

const sinks = new Set<LogSink>()

function method(level: LogLevel) {
  return function write(message: string, ...args: unknown[]): void {
    const wanting = [...sinks].filter((sink) => sink.accepts(level))
    if (wanting.length === 0) return
    const text = redact(args.length === 0 ? String(message) : format(message, ...args))
    const record: LogRecord = { level, text, time: new Date(), caller: callerOf(write) }
    for (const sink of wanting) sink.write(record)
  }
}

/** `file.ts:12` of the line that called `callee`; the name only, since folders differ from machine to machine. */
function callerOf(callee: (...args: never[]) => void): string {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 1
  Error.captureStackTrace(holder, callee)
  Error.stackTraceLimit = limit
  const position = /([^/\\()\s]+:\d+):\d+\)?\s*$/.exec(String(holder.stack))
  return position?.[1] ?? 'unknown:0'
}
