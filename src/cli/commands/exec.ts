import { once } from 'node:events'
import { type ExecOptions, largestStatus } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { duration } from '../duration.js'
import { examples, notes, positiveInteger } from '../examples.js'
import { renderOutcomes } from '../render-outcomes.js'

interface Flags {
  readonly nodes?: string[]
  readonly user: string
  readonly fanout?: number
  readonly timeout?: number
  readonly json?: boolean
}

const HELP = `
Nodes are named by alias, instance id or address, in ranges, or as master, workers or all: -n master,node[001-003].
Equal output of several nodes is printed once, with their names; of a single node it is printed as it comes. Errors of the
command go to stderr. The exit status is 0 when the command succeeded everywhere, else the largest of all nodes: the command's,
128 + N for signal N, 124 when the time was over, 1 for a node that was not reached. Nothing is read from standard input.`

export const define: DefineCommand = (command, cli) => {
  command
    .usage('[options] <tag> [--] <command...>')
    .argument('<tag>', 'name of the cluster')
    .argument('<command...>', 'command for the login shell there')
    .option('-n, --nodes <list>', 'only on these nodes', nodeList)
    .option('-u, --user <name>', 'log in as this user', 'root')
    .option('-f, --fanout <n>', 'how many nodes at once (default: 64)', positiveInteger)
    .option('--timeout <time>', 'stop the command on a node after this long: 30 (seconds), 5m, 1h30m', duration)
    .option('--json', 'what each node said and how it ended, as JSON')
    .action(async (tag: string, words: string[], flags: Flags) => {
      cli.keepStdoutForData()
      const { cm } = await cli.open()
      const { followCommands } = await import('../follow-commands.js')
      const options: ExecOptions = {
        nodes: flags.nodes,
        user: flags.user,
        fanout: flags.fanout,
        timeoutMs: flags.timeout,
        signal: cli.signal,
        ...(flags.json ? {} : { onOutput: print }),
      }
      const outcomes = await followCommands(cli, {}, () => cm.exec(tag, words.join(' '), options))
      if (flags.json) cli.print(JSON.stringify({ cluster: tag, command: words.join(' '), nodes: outcomes }, null, 2))
      else renderOutcomes(outcomes, cli.print, (text) => process.stderr.write(`${text}\n`))
      cli.exitWith(cli.signal.aborted ? 130 : largestStatus(outcomes))
    })
  notes(command, HELP)
  examples(command, [
    ['starcluster exec testcluster uptime', 'on all nodes at once'],
    ["starcluster exec testcluster -n 'node[001-002]' -- df -h /", 'on two of them'],
    ["starcluster exec testcluster --json 'uname -r'", 'for a program to read'],
  ])
}

/** Names with commas, given at once or again; commas inside brackets belong to ranges and are told apart later. */
function nodeList(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** A slow reader of our output slows the command down, instead of filling the memory. */
function print(stream: 'stdout' | 'stderr', chunk: Buffer): Promise<void> | undefined {
  const out = process[stream]
  return out.write(chunk) ? undefined : once(out, 'drain').then(() => undefined)
}
