/**
 * Every failure we expect and can explain. Anything else is a bug and keeps its stack trace.
 * A concept's own errors live beside the concept and extend this.
 */
export abstract class StarClusterError extends Error {
  /** Stable name for scripts and tests. The message may be reworded; this may not. */
  abstract readonly code: string
  /** What the reader can do next, one sentence or a command to type; printed below the message. */
  readonly hint: string | undefined

  constructor(message: string, options: { cause?: unknown; hint?: string | undefined } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.hint = options.hint
  }
}

/** True for our own errors, also when the class was evaluated twice (a plugin that bundled a copy). */
export function isStarClusterError(error: unknown): error is StarClusterError {
  return error instanceof Error && 'code' in error && 'hint' in error
}
