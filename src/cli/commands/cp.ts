import type { DefineCommand } from '../context.js'
import { type CopyFlags, defineCopy, runCopy, splitPaths } from '../copy.js'
import { examples, notes } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command.usage('[options] <tag> <local...> <remote>').argument('<tag>', 'name of the cluster')
  command.argument('<paths...>', 'files, directories and patterns here; the last: where to on every node')
  defineCopy(command).action(async (tag: string, paths: string[], flags: CopyFlags) => {
    const [locals, remote] = splitPaths(command, paths, 'remote')
    const { cm } = await cli.open()
    await runCopy(cli, 'put', { ...flags, all: true }, (options) => cm.put(tag, locals, remote, options))
  })
  notes(command, 'The same as "starcluster put --all": see "starcluster help put".')
  examples(command, [
    ['starcluster cp testcluster hosts.allow /etc', 'a file to all nodes'],
    ['starcluster cp -u sgeadmin testcluster model /tmp/model', 'a directory, as another user'],
  ])
}
