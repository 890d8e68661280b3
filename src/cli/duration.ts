import { parseDuration } from '../index.js'

/** Parses an option that is a length of time above 0; a bare number is seconds. @returns milliseconds */
export function duration(text: string): number {
  const seconds = parseDuration(text, 1_000)
  if (seconds === undefined || seconds <= 0) {
    const error = new Error(`${JSON.stringify(text)} is not a length of time, such as 30 (seconds), 5m or 1h30m`)
    throw Object.assign(error, { code: 'commander.invalidArgument', exitCode: 2 })
  }
  return seconds * 1_000
}
