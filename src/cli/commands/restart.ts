import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag...>', 'names of the clusters')
    .option('-o, --reboot-only', 'do not configure the cluster again')
    .action(async (tags: string[], flags: { rebootOnly?: boolean }) => {
      const { cm } = await cli.open()
      for (const tag of tags) {
        const options = { rebootOnly: flags.rebootOnly === true, signal: cli.signal }
        await followWaiting(cli, () => cm.restartCluster(tag, options))
      }
    })
  examples(command, [
    ['starcluster restart testcluster', 'reboot all nodes, then run the set-up and the plugins'],
    ['starcluster restart -o testcluster', 'only reboot'],
  ])
}
