import { isStarClusterError, type StarClusterError } from '../errors.js'
import { ClusterValidationError } from './errors.js'

/** Several things are wrong at once. The message tells each, with what to do about it. */
export class SeveralProblems extends ClusterValidationError {
  constructor(readonly problems: readonly StarClusterError[]) {
    const told = problems.map(({ message, hint }) => `- ${message}${hint ? `\n  ${hint}` : ''}`)
    super(`${problems.length} problems; nothing was made:\n${told.join('\n')}`)
  }
}

/**
 * All results, when every question has been answered: nothing goes on behind an error.
 *
 * @throws what none of us expected, at once; else the one problem, or SeveralProblems
 */
export async function everything<const T extends readonly unknown[]>(
  tasks: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(tasks)
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  const strange = reasons.find((reason) => !isStarClusterError(reason))
  if (strange !== undefined) throw strange
  throwProblems(reasons as StarClusterError[])
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as {
    -readonly [K in keyof T]: Awaited<T[K]>
  }
}

/** Throws these as one error, each told once; none: returns. */
export function throwProblems(found: readonly StarClusterError[]): void {
  const flat = found.flatMap((error) => (error instanceof SeveralProblems ? error.problems : [error]))
  const different = [...new Map(flat.map((error) => [error.message, error])).values()]
  const [only, second] = different
  if (second) throw new SeveralProblems(different)
  if (only) throw only
}

/** Keeps what is wrong with a value for later, and goes on with another one. */
export class Problems {
  readonly found: StarClusterError[] = []

  attempt<T, U>(act: () => T, otherwise: U): T | U {
    try {
      return act()
    } catch (error) {
      if (!isStarClusterError(error)) throw error
      this.found.push(error)
      return otherwise
    }
  }

  /** For what only repeats, in other words, what is known to be wrong already. */
  attemptIfFine<T, U>(act: () => T, otherwise: U): T | U {
    return (this.found.length === 0 ? this : new Problems()).attempt(act, otherwise)
  }
}
