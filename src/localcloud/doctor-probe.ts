import { access, constants, stat } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { offeredControllers } from './nodes/cgroups.js'
import { runHost } from './nodes/host-command.js'

/** One thing the local cloud needs from this computer. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** Without it the local cloud does not work at all. */
  readonly required: boolean
  /** What was found. */
  readonly detail: string
  /** What one has to do without while it is missing. */
  readonly cost: string
  /** The command that mends it. */
  readonly fix: string
}

export type Probe = Omit<Check, 'ok' | 'detail'> & {
  readonly probe: () => Promise<string>
  /** Name of the check without which this one fails anyway: that one is to be mended first. */
  readonly after?: string
}

/** Thrown by a probe: not met, and what was found instead. */
export class NotMet extends Error {}

export const isRoot = () => process.getuid?.() === 0

/** A command that only root may give, as this user gives it. */
export const asRoot = (command: string) => (isRoot() ? command : `sudo ${command}`)

/** @throws NotMet with the last words of a program that failed */
export async function works(detail: string, command: string, args: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await runHost(command, args, { deadlineMs: 20_000 })
  if (exitCode !== 0) throw new NotMet(stderr.trim() || `${command} ended with status ${exitCode}`)
  return detail
}

/** @throws NotMet when it is not installed */
export async function findCommand(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  // Programs for root are not in everyone's path.
  const dirs = [...(env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  for (const dir of dirs.filter(Boolean)) {
    const found = await access(join(dir, command), constants.X_OK)
      .then(() => true)
      .catch(() => false)
    if (found) return join(dir, command)
  }
  throw new NotMet('not installed')
}

/** Which limits machines have by control groups. @throws NotMet when one is missing */
export async function cgroupsWork(): Promise<string> {
  const controllers = await offeredControllers()
  const missing = ['memory', 'pids', 'cpu'].filter((name) => !controllers.includes(name))
  if (missing.length) throw new NotMet(`not limited: ${missing.join(', ')}`)
  return `${controllers.join(', ')} are limited for each machine`
}

/** The path itself, or the nearest directory above it that is there. */
export async function existing(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const there = await stat(at)
      .then(() => true)
      .catch(() => false)
    if (there || at === dirname(at)) return at
  }
}
