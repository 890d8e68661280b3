import { readFileSync } from 'node:fs'

/** A process for good: the pid alone may be another's tomorrow. */
export interface ProcessId {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTime: number
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string
}

export function ownProcessId(): ProcessId {
  const startTime = startTimeOf(process.pid)
  if (startTime === undefined) throw new Error('/proc is not mounted')
  return { pid: process.pid, startTime, bootId: bootId() }
}

export function isAlive(id: ProcessId): boolean {
  return id.bootId === bootId() && startTimeOf(id.pid) === id.startTime
}

/** Sends a signal unless the process is gone. @returns whether it was there. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false
  try {
    return process.kill(id.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** undefined when there is no such process, or it is a zombie: that one does nothing any more. */
function startTimeOf(pid: number): number | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined // no such process
  }
  // The second field is the program's name in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : Number(fields[19])
}

let knownBootId: string | undefined
function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return knownBootId
}
