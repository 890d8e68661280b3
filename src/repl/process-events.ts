export interface ProcessEvents {
  /** An exception or rejection that no line owns. */
  readonly error: (error: unknown) => void
  /** SIGINT, from a terminal that is not in raw mode or from another program. */
  readonly interrupt: () => void
}

/** While the shell runs its process survives mistakes of the code typed into it. */
export function onUnhandled({ error, interrupt }: ProcessEvents): Disposable {
  process.on('uncaughtException', error)
  process.on('unhandledRejection', error)
  process.on('SIGINT', interrupt)
  return {
    [Symbol.dispose]() {
      process.off('uncaughtException', error)
      process.off('unhandledRejection', error)
      process.off('SIGINT', interrupt)
    },
  }
}
