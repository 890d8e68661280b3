import type { DefineCommand } from '../context.js'
import { type CopyFlags, defineCopy, defineNodes, runCopy, splitPaths } from '../copy.js'
import { examples, notes } from '../examples.js'

const HELP = `
Goes into REMOTE when that is a directory there, else gets that name; several sources need a directory. Directories with all
they contain; permissions, times and links inside them are kept. A file appears under its name when all of it is there.
Large files (4 MB and more) that were interrupted go on where they ended when the command is given again.`

export const define: DefineCommand = (command, cli) => {
  command.usage('[options] <tag> <local...> <remote>').argument('<tag>', 'name of the cluster')
  command.argument('<paths...>', 'files, directories and patterns here; the last: where to on the node')
  defineNodes(defineCopy(command)).action(async (tag: string, paths: string[], flags: CopyFlags) => {
    const [locals, remote] = splitPaths(command, paths, 'remote')
    const { cm } = await cli.open()
    await runCopy(cli, 'put', flags, (options) => cm.put(tag, locals, remote, options))
  })
  notes(command, HELP)
  examples(command, [
    ['starcluster put testcluster data.tar /root', 'to the master'],
    ["starcluster put testcluster --nodes workers 'conf/*.ini' /etc/app", 'to all nodes but the master'],
  ])
}
