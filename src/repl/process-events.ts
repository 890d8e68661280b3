export interface ProcessEvents {
  /** An exception or rejection that no line owns. */
  readonly error: (error: unknown) => void
  /** SIGINT, from a terminal that is not in raw mode or from another program. */
  readonly interrupt: () => void
}

/** Runs `task` so that the process survives mistakes of the code typed into the shell meanwhile. */
export async function surviving<T>({ error, interrupt }: ProcessEvents, task: () => Promise<T>): Promise<T> {
  process.on('uncaughtException', error)
  process.on('unhandledRejection', error)
  process.on('SIGINT', interrupt)
  try {
    return await task()
  } finally {
    process.off('uncaughtException', error)
    process.off('unhandledRejection', error)
    process.off('SIGINT', interrupt)
  }
}
