import { format } from 'node:util'
import type { Logger } from '../../../../src/core/log.js'

/** A log that keeps its lines as `level: text`. */
export function recordingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = []
  const at =
    (level: string) =>
    (message: string, ...args: unknown[]) => {
      lines.push(`${level}: ${format(message, ...args)}`)
    }
  return {
    lines,
    log: {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      critical: at('critical'),
      fatal: at('fatal'),
    },
  }
}
