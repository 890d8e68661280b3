import { AsyncLocalStorage } from 'node:async_hooks'

interface Line {
  readonly controller: AbortController
  /** Somebody asked for the signal: an interrupt gives them a moment to stop what they began. */
  handedOut: boolean
}

const lines = new AsyncLocalStorage<Line>()

/** The signal of the shell line this code runs in, aborted by Ctrl-C; undefined outside the shell. */
export function currentSignal(): AbortSignal | undefined {
  const line = lines.getStore()
  if (line) line.handedOut = true
  return line?.controller.signal
}

/** Runs `task` so that everything it calls or awaits sees `controller`'s signal as its currentSignal(). */
export function withSignal<T>(controller: AbortController, task: () => T): { result: T; signalUsed: () => boolean } {
  const line: Line = { controller, handedOut: false }
  return { result: lines.run(line, task), signalUsed: () => line.handedOut }
}
