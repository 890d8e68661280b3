import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag...>', 'names of the clusters')
    .option('-o, --reboot-only', 'do not configure the cluster again')
    .action(async (tags: string[], flags: { rebootOnly?: boolean }) => {
      const { cm } = await cli.open()
      for (const tag of tags) {
        await cm.restartCluster(tag, { rebootOnly: flags.rebootOnly === true, signal: cli.signal })
      }
    })
  examples(command, [
    ['starcluster restart testcluster', 'reboot all nodes, then run the set-up and the plugins'],
    ['starcluster restart -o testcluster', 'only reboot'],
  ])
}
