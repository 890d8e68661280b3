import { readFileSync } from 'node:fs'

/** A process that can be recognised later: its number alone is used again by others. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks from boot to its start, field 22 of /proc/PID/stat. */
  readonly startTime: string
  readonly bootId: string
}

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** The identity of a living process; undefined when there is none or only a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The name in parentheses may hold anything, so fields are counted from its end: state is 3, start time 22.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const startTime = fields[19]
  if (fields[0] === 'Z' || fields[0] === 'X' || startTime === undefined) return undefined
  return { pid, startTime, bootId: bootId() }
}

export function isAlive(process: ProcessIdentity): boolean {
  const now = identify(process.pid)
  return now !== undefined && now.startTime === process.startTime && now.bootId === process.bootId
}
