import { SSHError } from './errors.js'
import { foldOutputs } from './fold.js'

export interface FanOutOptions {
  /** How many nodes at once. Default 20. */
  readonly fanout?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `task` on every node, at most `fanout` at once, and returns the answers in the order of `nodes`. `task` is also
 * given the node's place in `nodes`, for what differs from node to node.
 * A failing node does not stop the others. After an abort no further node is begun.
 * @throws FanOutError with every failure, when all have ended; the signal's reason when aborted.
 */
export async function onEach<N extends { readonly alias: string }, T>(
  nodes: readonly N[],
  task: (node: N, index: number) => Promise<T> | T,
  { fanout = 20, signal }: FanOutOptions = {},
): Promise<T[]> {
  const answers = new Array<T>(nodes.length)
  const failures = new Map<string, unknown>()
  const queue = nodes.entries() // shared by the workers: each node is taken once
  const worker = async () => {
    for (const [index, node] of queue) {
      if (signal?.aborted) return
      try {
        answers[index] = await task(node, index)
      } catch (error) {
        failures.set(node.alias, error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(Math.max(1, fanout), nodes.length) }, worker))
  signal?.throwIfAborted()
  if (failures.size > 0) throw new FanOutError(inOrderOf(nodes, failures), nodes.length)
  return answers
}

function inOrderOf(nodes: readonly { readonly alias: string }[], failures: ReadonlyMap<string, unknown>) {
  return new Map(nodes.filter(({ alias }) => failures.has(alias)).map(({ alias }) => [alias, failures.get(alias)]))
}

/** One or more nodes failed; the others have finished. The message names every node with its command, exit code and output. */
export class FanOutError extends SSHError {
  override readonly code = 'FanOutError'

  constructor(
    readonly failures: ReadonlyMap<string, unknown>,
    readonly total: number,
  ) {
    const told = new Map(Array.from(failures, ([alias, error]) => [alias, describe(alias, error)]))
    super(`${failures.size} of ${total} node${total === 1 ? '' : 's'} failed\n${foldOutputs(told)}`, {
      hint: hintOf(failures),
      cause: failures.values().next().value,
    })
  }
}

/** The failure without the node's name in front, so that equal failures fold. */
function describe(alias: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.startsWith(`${alias}: `) ? message.slice(alias.length + 2) : message
}

/** The failures' common hint, when they have one. */
function hintOf(failures: ReadonlyMap<string, unknown>): string | undefined {
  const hints = new Set(Array.from(failures.values(), (error) => (error as { hint?: string } | undefined)?.hint))
  return hints.size === 1 ? hints.values().next().value : undefined
}
