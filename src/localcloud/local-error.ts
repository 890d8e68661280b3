/**
 * A failure of the local cloud's own machinery that we expect and can explain: the host lacks something, the state
 * directory is unwritable. Answers to AWS requests are not these; they carry AWS's codes over the wire.
 */
export class LocalCloudError extends Error {
  /** What the reader can do next; printed below the message. */
  readonly hint: string | undefined

  constructor(
    /** Stable name for scripts and tests. */
    readonly code: string,
    message: string,
    options: { cause?: unknown; hint?: string | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LocalCloudError'
    this.hint = options.hint
  }
}

/** The one line of an error that belongs in a message; system errors name call and path themselves. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, path } = error as NodeJS.ErrnoException
  const known = code === undefined ? undefined : SYSTEM_REASONS[code]
  return known === undefined ? error.message : path === undefined ? known : `${known}: ${path}`
}

/** True for what the system refuses to a program that is not at fault: full disk, no permission. */
export function isSystemRefusal(error: unknown): boolean {
  return (errorCode(error) ?? '') in SYSTEM_REASONS
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is not a directory',
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
