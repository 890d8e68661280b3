import { spawn } from 'node:child_process'
import type { Session } from './session.js'
import { ShellError } from './shell-error.js'

/** Machines that a line can name: `!!node001 uptime`, `.ssh node001`. */
export interface ShellRemote {
  /** Runs a command on a node, or on all nodes of a cluster. @returns what is printed; `ok`: it ended well everywhere */
  readonly run: (target: string, command: string, signal: AbortSignal) => Promise<{ readonly ok: boolean }>
  /** The program and arguments that log in to a node. */
  readonly login: (target: string, signal: AbortSignal) => Promise<readonly string[]>
}

/** `!!TARGET COMMAND` */
export async function runRemotely(line: string, session: Session, signal: AbortSignal): Promise<unknown> {
  const [, target = '', command = ''] = /^!!\s*(\S+)\s+(.+)$/s.exec(line.trimEnd()) ?? []
  if (command === '') throw new UsageError('!!NODE COMMAND, or !!CLUSTER COMMAND for all of its nodes')
  const answers = await remoteOf(session).run(target, command, signal)
  if (!answers.ok) session.commandFailed = true
  return answers
}

/** `.ssh NODE`: the terminal is another machine's until its shell ends. */
export async function logIn(target: string, session: Session, signal: AbortSignal): Promise<void> {
  if (target === '') throw new UsageError('.ssh NODE, or .ssh CLUSTER for its master')
  const [program = 'ssh', ...args] = await remoteOf(session).login(target, signal)
  const restore = session.io.terminal.handOver({ keepInterrupts: true })
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(program, args, { stdio: 'inherit' })
      child.once('error', reject)
      // The status is that of the last command typed there: nothing to complain of.
      child.once('exit', () => resolve())
    })
  } finally {
    restore()
  }
}

/** Clusters and nodes, for Tab. */
export async function completeTarget(session: Session): Promise<readonly string[]> {
  const { names } = session.options
  const clusters = (await names?.clusters()) ?? []
  const nodes = await Promise.all(clusters.map(async (cluster) => (await names?.nodes(cluster)) ?? []))
  const aliases = nodes.flatMap((list, at) =>
    clusters.length === 1 ? list : list.map((one) => `${clusters[at]}:${one}`),
  )
  return [...clusters, ...aliases]
}

function remoteOf({ options }: Session): ShellRemote {
  if (options.remote) return options.remote
  throw new ShellRefusal('this shell knows no machines')
}

class UsageError extends ShellError {
  readonly code = 'UsageError'
  constructor(usage: string) {
    super(`Usage: ${usage}`)
  }
}

class ShellRefusal extends ShellError {
  readonly code = 'NoMachines'
}
