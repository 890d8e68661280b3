import { AsyncLocalStorage } from 'node:async_hooks'
import type { CommandResult } from './command-result.js'
import type { TransferOptions, TransferProgress } from './transfer.js'

/** A command on a node, or a transfer to or from it, as somebody follows it. */
export interface ObservedCommand {
  /** Alias of the node. */
  readonly node: string
  /** As given, or its label, or `put a to b`; not for `logOutput: false` commands, whose text may hold secrets. */
  readonly command: string
  /** Output may be shown. */
  readonly showOutput: boolean
  /** A non-zero exit is an answer to whoever runs it, not a failure. */
  readonly mayFail: boolean
}

/** What is told of the course of a command or a transfer. */
export interface ObservedCourse {
  /** A line of a command's output. */
  line?(text: string): void
  /** How far a transfer is. */
  progress?(progress: TransferProgress): void
  /** @param ended undefined when it was interrupted, or the connection broke */
  end(ended: CommandResult | { readonly failed: false } | undefined): void
}

/** Told of every command and transfer on nodes while a task runs. */
export interface CommandObserver {
  begin(command: ObservedCommand): ObservedCourse
}

const watching = new AsyncLocalStorage<CommandObserver>()

/** Runs a task whose remote commands, however deep inside, are told to the observer. */
export function observeCommands<T>(observer: CommandObserver, task: () => Promise<T>): Promise<T> {
  return watching.run(observer, task)
}

export function currentObserver(): CommandObserver | undefined {
  return watching.getStore()
}

/** Runs a transfer so that whoever follows commands sees how far it is, beside the caller's own `onProgress`. */
export async function observeTransfer(
  node: string,
  what: string,
  options: TransferOptions,
  transfer: (options: TransferOptions) => Promise<void>,
): Promise<void> {
  const observed = currentObserver()?.begin({ node, command: what, showOutput: false, mayFail: false })
  if (!observed) return transfer(options)
  const onProgress = (progress: TransferProgress) => {
    observed.progress?.(progress)
    options.onProgress?.(progress)
  }
  let ended: { failed: false } | undefined
  try {
    await transfer({ ...options, onProgress })
    ended = { failed: false }
  } finally {
    observed.end(ended)
  }
}
