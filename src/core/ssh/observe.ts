import { AsyncLocalStorage } from 'node:async_hooks'
import type { CommandResult } from './command-result.js'

/** A command on a node, as somebody follows it. */
export interface ObservedCommand {
  /** Alias of the node. */
  readonly node: string
  /** As it was given, or its label; not for `logOutput: false` commands, whose text may hold secrets. */
  readonly command: string
  /** Output may be shown. */
  readonly showOutput: boolean
  /** A non-zero exit is an answer to whoever runs it, not a failure. */
  readonly mayFail: boolean
}

/** Told of every command that is run on nodes while a task runs. */
export interface CommandObserver {
  /** @returns what is told of this command's course */
  begin(command: ObservedCommand): { line?(text: string): void; end(result: CommandResult | undefined): void }
}

const watching = new AsyncLocalStorage<CommandObserver>()

/** Runs a task whose remote commands, however deep inside, are told to the observer. */
export function observeCommands<T>(observer: CommandObserver, task: () => Promise<T>): Promise<T> {
  return watching.run(observer, task)
}

export function currentObserver(): CommandObserver | undefined {
  return watching.getStore()
}
