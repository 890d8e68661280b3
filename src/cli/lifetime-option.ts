import { lifetimeProblem, parseDuration } from '../index.js'

/** Parses a lifetime, such as 8h. @returns seconds */
export function lifetime(text: string): number {
  const seconds = parseDuration(text, 1000)
  if (seconds !== undefined && lifetimeProblem(seconds) === undefined) return seconds
  const error = new Error(`${JSON.stringify(text)} is not a time from 1m to 366d, with its unit, such as 30m, 8h or 2d`)
  throw Object.assign(error, { code: 'commander.invalidArgument', exitCode: 2 })
}
