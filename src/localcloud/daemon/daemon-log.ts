import { appendFileSync, renameSync, statSync } from 'node:fs'
import type { CloudLog } from '../cloud.js'
import { errorCode } from '../local-error.js'

const MAX_BYTES = 1024 * 1024

/**
 * The daemon's log file; at 1 MiB it becomes `daemon.log.1` and a new one begins. Written at once, line by line, so
 * that a killed daemon's last words are there. Logging must never stop the cloud: a full disk loses lines, no more.
 */
export function openDaemonLog(path: string, maxBytes = MAX_BYTES): CloudLog {
  const write = (level: string, message: string) => {
    const line = `${new Date().toISOString()} ${level} ${message.replaceAll('\n', '\n  ')}\n`
    try {
      if (sizeOf(path) + line.length > maxBytes) renameSync(path, `${path}.1`)
      appendFileSync(path, line, { mode: 0o600 })
    } catch (error) {
      process.stderr.write(`${line}(not logged: ${String(error)})\n`)
    }
  }
  return {
    debug: (message) => write('DEBUG', message),
    info: (message) => write('INFO', message),
    warn: (message) => write('WARN', message),
    error: (message) => write('ERROR', message),
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0
    throw error
  }
}
