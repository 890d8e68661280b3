import {
  type CommandObserver,
  foldNodeNames,
  log,
  observeCommands,
  RemoteCommandFailed,
  type TransferProgress,
} from '../index.js'
import type { CliContext } from './context.js'
import { StatusLine } from './status-line.js'
import { Timeline } from './timeline.js'

export interface FollowFlags {
  /** Print output of remote commands as it comes, the node's name in front. */
  readonly verbose?: boolean
  /** At the end, tell what each node did when and for how long. */
  readonly timeline?: boolean
  /** Nothing is shown any more once it is aborted. */
  readonly until?: AbortSignal
  /** Shown while no command runs on a node: what else the task waits for. */
  readonly meanwhile?: string
}

interface Running {
  readonly node: string
  readonly command: string
  readonly since: number
  /** How far a transfer is. */
  progress?: TransferProgress
}

/**
 * Runs a task and lets a person follow the commands it runs on nodes.
 * @param doing what the task is at, shown in front of the commands
 */
export async function followCommands<T>(
  cli: CliContext,
  flags: FollowFlags,
  task: () => Promise<T>,
  doing: () => string | undefined = () => undefined,
): Promise<T> {
  const running = new Set<Running>()
  const timeline = new Timeline()
  const began = performance.now()
  const status = new StatusLine(process.stderr, () =>
    flags.until?.aborted
      ? undefined
      : describe(running, performance.now() - began, doing() ?? (running.size === 0 ? flags.meanwhile : undefined)),
  )
  const observer: CommandObserver = {
    begin: ({ node, command, showOutput, mayFail }) => {
      const one: Running = { node, command, since: performance.now() }
      running.add(one)
      return {
        ...(flags.verbose && showOutput ? { line: (text: string) => cli.logStream.write(`${node}: ${text}\n`) } : {}),
        progress: (progress) => {
          one.progress = progress
        },
        end: (ended) => {
          running.delete(one)
          // While others work on, the failure is told now; else the error that ends the task tells it.
          if (ended?.failed && !mayFail && running.size > 0)
            log.warn(new RemoteCommandFailed(node, ended, { showOutput }).message)
          timeline.add({
            node,
            command,
            fromMs: one.since - began,
            toMs: performance.now() - began,
            failed: !ended || ended.failed,
          })
        },
      }
    },
  }
  const shows = StatusLine.fits(process.stderr)
  if (shows) status.begin()
  try {
    return await observeCommands(observer, task)
  } finally {
    if (shows) status.end()
    if (flags.timeline) process.stderr.write(`${timeline.render()}\n`)
  }
}

/** `12 s  master: apt-get -y install nginx | node[001-002]: 40% of 120.0 MB, put data to /opt`, the longest wait first. */
function describe(running: ReadonlySet<Running>, elapsedMs: number, doing?: string): string | undefined {
  if (running.size === 0 && doing === undefined) return undefined
  const byCommand = new Map<string, Running[]>()
  for (const one of [...running].sort((a, b) => a.since - b.since)) {
    const line = one.command.replace(/\s+/g, ' ').trim()
    byCommand.set(line, [...(byCommand.get(line) ?? []), one])
  }
  const parts = [...byCommand].map(
    ([command, on]) => `${foldNodeNames(on.map(({ node }) => node))}: ${howFar(on)}${command}`,
  )
  const what = [...(doing === undefined ? [] : [doing]), ...(parts.length > 0 ? [parts.join(' | ')] : [])]
  return `${Math.round(elapsedMs / 1000)} s  ${what.join('  ')}`
}

/** How far equal transfers on several nodes are together; nothing for commands. */
function howFar(running: readonly Running[]): string {
  const sum = (figure: (progress: TransferProgress) => number) =>
    running.reduce((all, { progress }) => all + (progress ? figure(progress) : 0), 0)
  const total = sum(({ bytesTotal }) => bytesTotal)
  if (total === 0) return ''
  const percent = Math.min(100, Math.floor((100 * sum(({ bytesDone }) => bytesDone)) / total))
  return `${percent}% of ${(total / 1e6).toFixed(1)} MB, `
}
