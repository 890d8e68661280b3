import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

interface Flags {
  readonly fresh?: boolean
  readonly diff?: boolean
  readonly dryRun?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<plugin>', 'name of a [plugin] section of the config')
    .argument('<tag>', 'name of the cluster')
    .option('--fresh', 'put the disks back to the state before the first run, each time (local cloud)')
    .option('--diff', 'tell what each run changed on each node')
    .option('-n, --dry-run', 'tell what each run changed, then put the disks back (local cloud)')
    .action(async (plugin: string, tag: string, flags: Flags) => {
      const { cm } = await cli.open()
      const { explain, print } = await import('../report-error.js')
      await cm.getCluster(tag) // a mistyped name is told once, not waited on
      const waiting = `Waiting for ${plugin} to be saved; Ctrl-C ends.`
      await cm.watchPlugin(plugin, tag, {
        ...flags,
        signal: cli.signal,
        onFailedChanges: (changes) => cli.print(changes.toString()),
        onDone: ({ ms, changes }) => {
          if (changes) cli.print(changes.toString())
          cli.print(`${plugin} ended well (${(ms / 1000).toFixed(1)} s). ${waiting}`)
        },
        onError: (error) => {
          const { text, hint } = explain(error)
          print(text, hint)
          cli.print(waiting)
        },
      })
    })
  examples(command, [
    ['starcluster watch myplugin testcluster', 'edit and save: it runs again'],
    ['starcluster watch --fresh --diff myplugin testcluster', 'each run from the same state, and what it changed'],
  ])
}
