import type { Command } from 'commander'
import { type CopyOptions, type CopyProgress, log } from '../index.js'
import type { CliContext } from './context.js'
import { positiveInteger } from './examples.js'
import { bytes, TransferBar } from './transfer-bar.js'

export interface CopyFlags {
  readonly user: string
  readonly node?: string
  readonly nodes?: string[]
  readonly all?: boolean
  readonly fanout?: number
}

/** Options that all commands that copy files share. */
export function defineCopy(command: Command): Command {
  return command
    .option('-u, --user <name>', 'log in as this user', 'root')
    .option('-f, --fanout <n>', 'how many nodes at once (default: 8)', positiveInteger)
}

/** One node, or several. */
export function defineNodes(command: Command): Command {
  return command
    .option('-n, --node <node>', 'alias, instance id or address of the node (default: the master)')
    .option('--nodes <list>', 'several nodes: node[001-003], workers, ...', (text, before: string[] = []) => [
      ...before,
      text,
    ])
    .option('-a, --all', 'all nodes')
}

/** The last of the paths is where to; a copy needs one to copy, too. */
export function splitPaths(command: Command, paths: readonly string[], last: string): [string[], string] {
  const [from, to] = [paths.slice(0, -1), paths.at(-1)]
  if (from.length > 0 && to !== undefined) return [from, to]
  command.error(`error: missing required argument '${last}'`, { exitCode: 2, code: 'commander.missingArgument' })
}

/** Copies with a bar, and tells at the end how much it was. */
export async function runCopy(
  cli: CliContext,
  what: 'put' | 'get',
  { user, node, nodes, all, fanout }: CopyFlags,
  copy: (options: CopyOptions) => Promise<CopyProgress>,
): Promise<void> {
  const began = performance.now()
  let done: CopyProgress
  {
    using bar = new TransferBar(what)
    const which = all ? { nodes: ['all'] } : { node, nodes }
    done = await copy({ user, fanout, ...which, signal: cli.signal, onProgress: bar.update })
  }
  log.info(summary(done, (performance.now() - began) / 1000))
}

function summary({ filesDone, bytesDone, bytesResumed, nodes }: CopyProgress, seconds: number): string {
  const sent = bytesDone - bytesResumed
  const parts = [
    `Copied ${filesDone} file${filesDone === 1 ? '' : 's'}, ${bytes(bytesDone)}`,
    ...(nodes > 1 ? [`, on ${nodes} nodes`] : []),
    `, in ${seconds.toFixed(1)} s`,
    ...(sent > 0 ? [` (${bytes(sent / seconds)}/s)`] : []),
    ...(bytesResumed > 0 ? [`; ${bytes(bytesResumed)} were there already`] : []),
  ]
  return parts.join('')
}
