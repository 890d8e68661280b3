import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { StarClusterError } from '../../index.js'
import type { ShellRun } from '../../repl/compose.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

interface Flags {
  eval?: string
  preload?: string
  typecheck?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .argument('[file]', 'a script to run with the names of the shell; - reads it from stdin')
    .argument('[args...]', 'in the script: args')
    .option('-e, --eval <code>', 'run this, print its value, and end')
    .option('-p, --preload <cluster>', 'preload cluster, master, nodes and view of a cluster')
    .option('--typecheck', 'check the types of every line before it is run')
    .passThroughOptions()
    .action(async (file: string | undefined, args: string[], flags: Flags) => {
      if (file !== undefined && flags.eval !== undefined) throw command.error('error: give a file or -e, not both')
      const program = file === undefined ? { code: flags.eval } : await readScript(file, args)
      const { runShell } = await import('../../repl/compose.js')
      const { followCommands } = await import('../follow-commands.js')
      const follow: ShellRun['follow'] = (work, signal) => followCommands(cli, { until: signal }, work)
      const { preload: cluster, typecheck } = flags
      const sc = await cli.open()
      cli.leaveInterruptsAlone() // from here on they are the shell's
      cli.exitWith(await runShell(sc, cli.env, { ...program, cluster, typecheck, follow }))
    })
  examples(command, [
    ['starcluster shell', "then: cm.runPlugin('myplugin', 'testcluster')"],
    ['starcluster shell -p testcluster', "then: view.run('uptime')"],
    [`starcluster shell -e "cm.runPlugin('myplugin', 'testcluster')"`, 'without a prompt; its exit status tells'],
    ['echo "cm.listClusters()" | starcluster shell', 'evaluate lines without a terminal'],
  ])
}

async function readScript(file: string, args: readonly string[]): Promise<ShellRun> {
  if (file === '-') return { code: await readAll(process.stdin), args }
  // The first line may say which program runs it.
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new ScriptUnreadable(`cannot read the script ${file}: ${cause.message}`, { cause })
  })
  const code = text.replace(/^#!.*/, '')
  return { code, args, directory: dirname(resolve(file)) }
}

class ScriptUnreadable extends StarClusterError {
  readonly code = 'ScriptUnreadable'
}

async function readAll(input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of input) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
