import { AsyncLocalStorage } from 'node:async_hooks'
import type { Hook } from './hook-names.js'

/** A hook of a plugin that is being called. */
export interface HookCall {
  readonly plugin: string
  readonly hook: Hook
  /** Alias of the node it is about: of `onAddNode` and `onRemoveNode`. */
  readonly node?: string
}

/** Told when a hook is called; what it gives is called when the hook has ended, well or not. */
export type HookObserver = (call: HookCall) => () => void

const watching = new AsyncLocalStorage<HookObserver>()

/** Runs a task whose calls of plugins' hooks, however deep inside, are told to the observer. */
export function observeHooks<T>(observer: HookObserver, task: () => Promise<T>): Promise<T> {
  return watching.run(observer, task)
}

/** Tells the observer, if there is one. @returns to be called when the hook has ended */
export function hookCalled(call: HookCall): () => void {
  return watching.getStore()?.(call) ?? (() => undefined)
}
