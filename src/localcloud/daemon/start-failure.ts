import { LocalCloudError } from '../local-error.js'
import { explain } from './explain.js'

/** A daemon that cannot start says why in its log, in words that the waiting client finds again. */
export function startFailureText(error: unknown, dir: string): string {
  const known = explain(error, dir)
  if (known instanceof LocalCloudError) {
    return `cannot start: [${known.code}] ${oneLine(known.message)}${known.hint ? `\nhint: ${oneLine(known.hint)}` : ''}`
  }
  return `cannot start: [Unexpected] ${known instanceof Error ? (known.stack ?? known.message) : String(known)}`
}

/** Finds the last such words in what a daemon wrote; undefined when it died without any. */
export function findStartFailure(log: string): LocalCloudError | undefined {
  const found = [...log.matchAll(/ ERROR cannot start: \[(\w+)\] (.*)(?:\n {2}hint: (.*))?/g)].at(-1)
  return found ? new LocalCloudError(found[1]!, found[2]!, { hint: found[3] }) : undefined
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, '; ')
