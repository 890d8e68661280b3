import type { LaunchAttempt } from './launch-attempts.js'

/**
 * Ways in which groups of nodes were launched that were not the first one to be tried, by the first alias of the group. They
 * are written down before they are tried: a start that goes on begins with them, and EC2 knows the request by its token.
 */
export type LaunchNotes = Readonly<Record<string, string>>

/** Writes down how a group is about to be launched. */
export type NoteLaunch = (notes: LaunchNotes) => Promise<void>

export function attemptKey({ group, zone, spot, minCount }: LaunchAttempt): string {
  return [group.instanceType, zone ?? '', spot ? 'spot' : '', minCount].join('/')
}

/** The attempts, the one that was noted first. */
export function notedFirst(attempts: readonly LaunchAttempt[], note: string | undefined): readonly LaunchAttempt[] {
  const noted = attempts.find((attempt) => attemptKey(attempt) === note)
  return noted ? [noted, ...attempts.filter((attempt) => attempt !== noted)] : attempts
}

/** As the value of a tag; `true` where there is nothing to be noted, or more than a tag holds. */
export function writeNotes(notes: LaunchNotes): string {
  const text = JSON.stringify(notes)
  return Object.keys(notes).length === 0 || text.length > 256 ? 'true' : text
}

export function readNotes(text: string | undefined): LaunchNotes {
  try {
    const read: unknown = JSON.parse(text ?? '{}')
    return read !== null && typeof read === 'object' ? (read as LaunchNotes) : {}
  } catch {
    return {} // somebody changed the tag
  }
}
