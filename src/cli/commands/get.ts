import type { DefineCommand } from '../context.js'
import { type CopyFlags, defineCopy, defineNodes, runCopy, splitPaths } from '../copy.js'
import { examples, notes } from '../examples.js'

const HELP = `
Goes into LOCAL when that is a directory, else gets that name; several sources need a directory. Patterns in quotes are
expanded on the node. With --nodes and --all, what a node has goes into LOCAL/ALIAS. Otherwise as "starcluster help put".`

export const define: DefineCommand = (command, cli) => {
  command.usage('[options] <tag> <remote...> <local>').argument('<tag>', 'name of the cluster')
  command.argument('<paths...>', 'files, directories and patterns on the node; the last: where to here')
  defineNodes(defineCopy(command)).action(async (tag: string, paths: string[], flags: CopyFlags) => {
    const [remotes, local] = splitPaths(command, paths, 'local')
    const { cm } = await cli.open()
    await runCopy(cli, 'get', flags, (options) => cm.get(tag, remotes, local, options))
  })
  notes(command, HELP)
  examples(command, [
    ["starcluster get testcluster '/root/results/*.csv' .", 'from the master'],
    ['starcluster get testcluster --all /var/log/syslog logs', 'from every node: logs/master/syslog, ...'],
  ])
}
