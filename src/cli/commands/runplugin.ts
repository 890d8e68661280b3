import type { ClusterChanges } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples, notes } from '../examples.js'

interface Flags {
  readonly fresh?: boolean
  readonly diff?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly verbose?: boolean
  readonly timeline?: boolean
}

const FRESH_HELP = `
The first --fresh run names the state it finds: snapshot before-PLUGIN. Later ones go back to it, and with them goes all that
was done since, by hand or by other plugins; "starcluster snapshots CLUSTER --remove before-PLUGIN" begins with another state.
With --verbose and --json the output of commands goes to stderr.`

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<plugin>', 'name of a [plugin] section of the config, or module.Class')
    .argument('<tag>', 'name of the cluster')
    .option('--fresh', 'first put the disks back to the state before the last --fresh run of it (local cloud)')
    .option('--diff', 'tell what the run changed on each node')
    .option('-n, --dry-run', 'tell what the run changed, then put the disks back (local cloud)')
    .option('--json', 'what changed as JSON on stdout, by node; alone it means --diff')
    .option('-v, --verbose', 'print the output of commands as it comes, the name of the node in front')
    .option('--timeline', 'tell at the end what ran where, when and for how long')
    .action(async (plugin: string, tag: string, flags: Flags) => {
      if (flags.json) cli.keepStdoutForData()
      const { cm } = await cli.open()
      const { followCommands } = await import('../follow-commands.js')
      const show = (changes: ClusterChanges) =>
        cli.print(flags.json ? JSON.stringify(changes, null, 2) : changes.toString())
      const options = {
        signal: cli.signal,
        fresh: flags.fresh === true,
        diff: flags.diff === true || flags.json === true,
        dryRun: flags.dryRun === true,
        onFailedChanges: show,
      }
      const changes = await followCommands(cli, flags, () => cm.runPlugin(plugin, tag, options))
      if (changes) show(changes)
    })
  notes(command, FRESH_HELP)
  examples(command, [
    ['starcluster runplugin pkginstaller testcluster', 'run [plugin pkginstaller] on testcluster'],
    ['starcluster runplugin --fresh --diff myplugin testcluster', 'a new try from a clean state; what did it change?'],
    ['starcluster -c lab.ini runplugin users prod', 'with another config file'],
  ])
}
