import type { Logger } from '../../src/core/log.js'

/** A log that keeps its lines, each with its level in front. */
export function recordingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = []
  const record = (level: string) => (message: string) => {
    lines.push(`${level}: ${message}`)
  }
  const log: Logger = {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
    critical: record('critical'),
    fatal: record('fatal'),
  }
  return { log, lines }
}
