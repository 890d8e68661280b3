import { Chalk, type ChalkInstance } from 'chalk'
import { type LogLevel, type LogRecord, type LogSink, levelName, timeStamp } from './log-record.js'

export interface ScreenOptions {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  /** Show debug lines too. */
  readonly debug: boolean
  /** Default: where the stream is a terminal and NO_COLOR is not set. */
  readonly color?: boolean
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'critical', 'fatal']
let chosen: LogLevel | undefined

/** From now on every screen shows this level and those above it; undefined: what each was made for. */
export function setScreenLevel(level: LogLevel | undefined): void {
  chosen = level
}

/** What was chosen with `setScreenLevel`. */
export function screenLevel(): LogLevel | undefined {
  return chosen
}

/** Gives the lines a person would read, without colours, to a function: whatever level screens show now. */
export function lineSink(collect: (line: string) => void): LogSink {
  return {
    accepts: (level) => level !== 'debug',
    write(record) {
      for (const line of record.text.split('\n')) collect(`${prefixOf(record)}${line}`)
    },
  }
}

/** What a person at the terminal reads: errors on stderr, everything else on stdout, a prefix on each line. */
export function screenSink(options: ScreenOptions): LogSink {
  return {
    accepts: (level) => levels.indexOf(level) >= levels.indexOf(chosen ?? (options.debug ? 'debug' : 'info')),
    write(record) {
      const stream = isError(record.level) ? options.stderr : options.stdout
      const prefix = paint(record.level, wantsColor(stream, options.color))(prefixOf(record))
      const lines = record.text.split('\n').map((line) => `${prefix}${line}\n`)
      stream.write(lines.join(''))
    },
  }
}

function prefixOf(record: LogRecord): string {
  if (record.level === 'debug') return `${timeStamp(record.time)} ${record.caller} - DEBUG - `
  if (record.level === 'info') return '>>> '
  if (record.level === 'warn') return '*** WARNING - '
  return `!!! ${levelName(record.level)} - `
}

function isError(level: LogLevel): boolean {
  return level === 'error' || level === 'critical' || level === 'fatal'
}

function wantsColor(stream: NodeJS.WritableStream, asked: boolean | undefined): boolean {
  if (asked !== undefined) return asked
  return (stream as { isTTY?: boolean }).isTTY === true && !process.env.NO_COLOR
}

function paint(level: LogLevel, color: boolean): ChalkInstance {
  const chalk = color ? colored : plain
  if (level === 'debug') return chalk.dim
  if (level === 'info') return chalk.green
  return level === 'warn' ? chalk.yellow : chalk.red
}

const colored = new Chalk({ level: 1 })
const plain = new Chalk({ level: 0 })
