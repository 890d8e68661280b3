import { constants } from 'node:os'
import type { Node } from '../node/node.js'
import { requireText } from '../required.js'
import type { CommandResult } from '../ssh/command-result.js'
import { RemoteCommandTimedOut } from '../ssh/errors.js'
import { onEach } from '../ssh/fan-out.js'
import { type Command, ShellCommand } from '../ssh/quote.js'
import type { OutputListener } from '../ssh/running-command.js'
import type { Cluster } from './cluster.js'
import { selectNodes } from './select-nodes.js'

export interface ExecOptions {
  /** Names and ranges of nodes, see `selectNodes`. Default: all that run. */
  readonly nodes?: readonly string[] | undefined
  /** Log in as this user. Default: root. */
  readonly user?: string | undefined
  /** How many nodes at once. Default 64. */
  readonly fanout?: number | undefined
  /** Milliseconds for the command on each node. Default 0: no limit. */
  readonly timeoutMs?: number | undefined
  /** Ends the command on all nodes. What they have said until then is returned. */
  readonly signal?: AbortSignal | undefined
  /** Given the output of the command as it comes where it runs on one node only, instead of its being kept. */
  readonly onOutput?: OutputListener
}

/** How a command ended on one node, as `exec --json` prints it. */
export interface NodeOutcome {
  readonly node: string
  readonly instanceId: string
  /** Of the command; 128 + its number for a signal, 124 when its time was over, 1 when it did not run or was interrupted. */
  readonly exitStatus: number
  readonly stdout: string
  readonly stderr: string
  /** Seconds. */
  readonly duration: number
  /** Why it did not run to its end; null where it did. */
  readonly error: string | null
}

/** As timeout(1) says that the time was over. */
const TIMED_OUT = 124

/**
 * Runs a command on nodes at once, in the login shell of the user. Neither a failing command nor a node that is not reached
 * is an error: both are outcomes, in the order of the cluster.
 * @throws InstanceDoesNotExist, InstanceNotRunning
 */
export async function execOnNodes(
  cluster: Cluster,
  command: Command,
  options: ExecOptions = {},
): Promise<NodeOutcome[]> {
  if (!(command instanceof ShellCommand)) requireText('the command', command)
  const { signal, fanout = 64 } = options
  const nodes = selectNodes(cluster.tag, await cluster.getNodes({ signal }), options.nodes)
  const onOutput = nodes.length === 1 ? options.onOutput : undefined
  // without the signal: whoever has ended by then keeps its outcome
  return onEach(nodes, (node) => execOn(node, command, { ...options, onOutput }), { fanout })
}

/** 0 when all have succeeded, else the largest status. */
export function largestStatus(outcomes: readonly NodeOutcome[]): number {
  return outcomes.reduce((most, { exitStatus }) => Math.max(most, exitStatus), 0)
}

type OnOne = Pick<ExecOptions, 'user' | 'timeoutMs' | 'signal'> & { readonly onOutput: OutputListener | undefined }

async function execOn(
  node: Node,
  command: Command,
  { user = 'root', timeoutMs = 0, signal, onOutput }: OnOne,
): Promise<NodeOutcome> {
  const began = performance.now()
  const outcome = (exitStatus: number, said: Partial<CommandResult>, error: string | null): NodeOutcome => ({
    node: node.alias,
    instanceId: node.id,
    exitStatus,
    stdout: said.stdout ?? '',
    stderr: said.stderr ?? '',
    duration: Math.round(performance.now() - began) / 1000,
    error,
  })
  try {
    signal?.throwIfAborted()
    const how = { ignoreExitStatus: true, timeoutMs, signal, ...(onOutput ? { onOutput } : {}) }
    const result = await node.sshAs(user).execute(command, how)
    return outcome(statusOf(result), result, null)
  } catch (error) {
    if (signal?.aborted) return outcome(1, {}, 'interrupted')
    if (error instanceof RemoteCommandTimedOut)
      return outcome(TIMED_OUT, error.result, `did not end within ${timeoutMs / 1000} s and was stopped`)
    return outcome(1, {}, withoutName(node.alias, error))
  }
}

function statusOf({ exitCode, signal }: CommandResult): number {
  return exitCode ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
}

/** Without name and address, so that equal troubles of several nodes fold. */
function withoutName(alias: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const text = message.startsWith(`${alias}: `) ? message.slice(alias.length + 2) : message
  return text.replace(/(@| to )(\d+(\.\d+){3}|\[[\da-f:]+\]):\d+/g, '')
}
