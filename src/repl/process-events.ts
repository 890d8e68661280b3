export interface ProcessEvents {
  /** An exception or rejection that no line owns. */
  readonly error: (error: unknown) => void
  /** SIGINT, from a terminal that is not in raw mode or from another program. */
  readonly interrupt: () => void
}

/** Runs `task` so that the process survives mistakes of the code typed into the shell meanwhile. */
export async function surviving<T>(events: ProcessEvents, task: () => Promise<T>): Promise<T> {
  const stop = watchProcess(events)
  try {
    return await task()
  } finally {
    stop()
  }
}

/** From now on `events` are told; without a call of what is returned to the end of the process. */
export function watchProcess({ error, interrupt }: ProcessEvents): () => void {
  process.on('uncaughtException', error)
  process.on('unhandledRejection', error)
  process.on('SIGINT', interrupt)
  return () => {
    process.off('uncaughtException', error)
    process.off('unhandledRejection', error)
    process.off('SIGINT', interrupt)
  }
}
