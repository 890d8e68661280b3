import type { DefineCommand } from '../context.js'
import { examples, notes } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'

export const define: DefineCommand = (command, cli) => {
  command
    .description('name the present state of all disks of a cluster, to go back to (local cloud)')
    .argument('<tag>', 'name of the cluster')
    .argument('[name]', 'default: snapshot-1, snapshot-2, ...')
    .action(async (tag: string, name: string | undefined) => {
      const { cm } = await cli.open()
      const made = await followWaiting(cli, () => cm.snapshot(tag, name, { signal: cli.signal }))
      cli.print(`Go back to it with: starcluster rollback ${tag} ${made.name}`)
    })
  notes(command, 'Its machines restart for it: processes end, files stay.')
  examples(command, [
    ['starcluster snapshot testcluster clean', 'then try things, and go back with: starcluster rollback testcluster'],
    ['starcluster snapshots testcluster', 'the named states there are'],
  ])
}
