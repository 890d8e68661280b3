import type { DefineCommand } from '../context.js'
import { examples, notes } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'

const HELP = `
What was written since is gone; it does not ask. The machines restart and answer on ssh when it ends. Snapshots stay, later
ones too: make one before, and you can come back.`

export const define: DefineCommand = (command, cli) => {
  command
    .description('put all disks of a cluster back to a named state (local cloud)')
    .argument('<tag>', 'name of the cluster')
    .argument('[name]', 'default: the newest snapshot')
    .action(async (tag: string, name: string | undefined) => {
      const { cm } = await cli.open()
      await followWaiting(cli, () => cm.rollback(tag, name, { signal: cli.signal }))
    })
  notes(command, HELP)
  examples(command, [
    ['starcluster rollback testcluster', 'back to the newest snapshot'],
    ['starcluster rollback testcluster clean', 'back to this one'],
  ])
}
