import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

interface Flags {
  readonly fresh?: boolean
  readonly diff?: boolean
  readonly dryRun?: boolean
  readonly verbose?: boolean
  readonly timeline?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<plugin>', 'name of a [plugin] section of the config, or of a bundled plugin')
    .argument('<tag>', 'name of the cluster')
    .option('--fresh', 'first put the disks back to the state before the first --fresh run (local cloud)')
    .option('--diff', 'tell what the run changed on each node')
    .option('-n, --dry-run', 'tell what the run changed, then put the disks back (local cloud)')
    .option('-v, --verbose', 'print the output of commands as it comes, the name of the node in front')
    .option('--timeline', 'tell at the end what ran where, when and for how long')
    .action(async (plugin: string, tag: string, flags: Flags) => {
      const { cm } = await cli.open()
      const { followCommands } = await import('../follow-commands.js')
      const changes = await followCommands(cli, flags, () =>
        cm.runPlugin(plugin, tag, { signal: cli.signal, ...flags }),
      )
      if (changes) cli.print(changes.toString())
    })
  examples(command, [
    ['starcluster runplugin pkginstaller testcluster', 'run [plugin pkginstaller] on testcluster'],
    ['starcluster runplugin --fresh --diff myplugin testcluster', 'a new try from a clean state; what did it change?'],
    ['starcluster -c lab.ini runplugin users prod', 'with another config file'],
  ])
}
