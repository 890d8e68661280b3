import { AsyncLocalStorage } from 'node:async_hooks'

const running = new AsyncLocalStorage<AbortSignal>()

/** Runs a task whose remote commands all end with `signal`, however deep inside they are given and by whom. */
export function withSignal<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
  return signal ? running.run(signal, task) : task()
}

/** The signal of the task we are in, if any. */
export function currentSignal(): AbortSignal | undefined {
  return running.getStore() ?? ambient()
}

let ambient: () => AbortSignal | undefined = () => undefined

/** Gives code outside any task a signal too: the shell's, aborted by Ctrl-C at the line being evaluated. */
export function setAmbientSignal(source: () => AbortSignal | undefined): void {
  ambient = source
}
