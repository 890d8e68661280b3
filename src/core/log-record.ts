export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'critical' | 'fatal'

/** One message on its way to the sinks; secrets are already taken out of `text`. */
export interface LogRecord {
  readonly level: LogLevel
  readonly text: string
  readonly time: Date
  /** `file:line` of the code that logged it. */
  readonly caller: string
}

export interface LogSink {
  accepts(level: LogLevel): boolean
  write(record: LogRecord): void
  close?(): void
}

/** The level's name as it is printed: the original's, so that its log readers keep working. */
export function levelName(level: LogLevel): string {
  return level === 'warn' ? 'WARNING' : level.toUpperCase()
}

/** Local time as `2026-01-31 09:05:07,042`. */
export function timeStamp(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  return `${day} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}`
}
