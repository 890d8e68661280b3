/** A failure of the shell itself that we expect: shown as one line. */
export abstract class ShellError extends Error {
  abstract readonly code: string
  readonly hint: string | undefined = undefined
}

/**
 * True for errors made to be read by people, with a stable `code` and a `hint`: the cluster library's and our own.
 * Their shape is the contract, so that the shell needs to know no class.
 */
export function isExpected(error: unknown): error is Error & { code: string; hint: string | undefined } {
  return error instanceof Error && 'code' in error && 'hint' in error
}
