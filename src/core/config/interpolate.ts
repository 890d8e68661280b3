/** Looks a variable up; undefined when it does not exist. */
export type Lookup = (name: string) => string | undefined

/** A reference that leads nowhere, or in circles. */
export class InterpolationProblem extends Error {}

/**
 * Replaces `%(name)s` by the setting of that name, also in what it is replaced by. A text without references keeps
 * every `%` as it is; in one with references `%%` stands for one `%`, as in the original.
 */
export function interpolate(text: string, lookup: Lookup, depth = 0): string {
  if (!/%\([^)]*\)s/.test(text)) return text
  if (depth === DEEPEST)
    throw new InterpolationProblem(`%(...)s refers to itself, or is more than ${DEEPEST} levels deep`)
  return text.replace(/%%|%\(([^)]*)\)s/g, (_, name?: string) => {
    if (name === undefined) return '%'
    const value = lookup(name.toLowerCase())
    if (value === undefined) throw new InterpolationProblem(`%(${name})s refers to a setting that does not exist`)
    return interpolate(value, lookup, depth + 1)
  })
}

/** ConfigParser's own limit. */
const DEEPEST = 10
