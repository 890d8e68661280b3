import { inspect } from 'node:util'
import pLimit from 'p-limit'
import type { Node } from '../node/node.js'
import type { CommandResult } from '../ssh/command-result.js'
import { type FanOutOptions, onEach } from '../ssh/fan-out.js'
import { foldOutputs } from '../ssh/fold.js'
import type { Command } from '../ssh/quote.js'

export interface ViewRunOptions extends FanOutOptions {
  /** Milliseconds for the command on each node; 0, the default, waits without limit. */
  readonly timeoutMs?: number
}

/** Nodes that are worked on together. */
export class ParallelView {
  constructor(readonly nodes: readonly Node[]) {}

  /**
   * Runs a command on all nodes at once. A command that fails on a node is an answer, not an error.
   * @throws FanOutError when nodes cannot be reached, or do not end in time
   */
  async run(command: Command, { timeoutMs = 0, ...fanOut }: ViewRunOptions = {}): Promise<ViewResults> {
    const { signal } = fanOut
    const options = { ignoreExitStatus: true, timeoutMs, ...(signal ? { signal } : {}) }
    const results = await onEach(this.nodes, (node) => node.ssh.execute(command, options), fanOut)
    return new ViewResults(new Map(results.map((result, at) => [this.nodes[at]!.alias, result])))
  }

  /**
   * Spreads items over the nodes: each node takes the next one when it is done with its last.
   * @param task called with a node and an item
   * @returns answers in the order of the items
   * @throws the first failure, when the tasks that were begun have ended
   */
  async map<Item, T>(task: (node: Node, item: Item) => Promise<T> | T, items: Iterable<Item>): Promise<T[]> {
    if (this.nodes.length === 0) throw new RangeError('there is no node to work on')
    const idle = [...this.nodes]
    const turn = pLimit(this.nodes.length)
    let failed = false
    const work = [...items].map((item) =>
      turn(async () => {
        if (failed) throw new DOMException('an earlier item failed', 'AbortError')
        const node = idle.shift()!
        try {
          return await task(node, item)
        } catch (error) {
          failed = true
          throw error
        } finally {
          idle.push(node)
        }
      }),
    )
    const results = await Promise.allSettled(work)
    const bad = results.find((result) => result.status === 'rejected' && result.reason?.name !== 'AbortError')
    if (bad?.status === 'rejected') throw bad.reason
    return results.map((result) => (result as PromiseFulfilledResult<Awaited<T>>).value)
  }

  [inspect.custom](): string {
    return `ParallelView of ${this.nodes.length} ${this.nodes.length === 1 ? 'node' : 'nodes'}`
  }
}

/** Answers of nodes, by alias. Prints equal ones once: `node[001-003]: ok`. */
export class ViewResults extends Map<string, CommandResult> {
  constructor(results: ReadonlyMap<string, CommandResult>) {
    super(results)
  }

  /** The command ended well everywhere. */
  get ok(): boolean {
    return [...this.values()].every((result) => !result.failed)
  }

  override toString(): string {
    return foldOutputs(new Map([...this].map(([alias, result]) => [alias, describe(result)])))
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

function describe(result: CommandResult): string {
  const output = result.lines.join('\n')
  if (!result.failed) return output
  const end = result.signal ? `killed by ${result.signal}` : `exit code ${result.exitCode}`
  return output === '' ? `(${end})` : `${output}\n(${end})`
}
