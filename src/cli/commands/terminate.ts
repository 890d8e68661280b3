import { log } from '../../index.js'
import { confirm } from '../confirm.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag...>', 'names of the clusters')
    .option('-c, --confirm', 'do not ask')
    .option('-f, --force', 'ignore failing plugins')
    .action(async (tags: string[], flags: { confirm?: boolean; force?: boolean }) => {
      const { cm } = await cli.open()
      for (const tag of tags) {
        const cluster = await cm.getCluster(tag)
        const nodes = await cluster.getNodes()
        const what = `Terminate cluster ${cluster.tag} (${nodes.length} nodes) and delete its disks?`
        if (!flags.confirm && !(await confirm(what, cli.signal))) {
          log.info(`Aborting: ${cluster.tag} is left as it is`)
          continue
        }
        await cm.terminateCluster(tag, { force: flags.force === true, signal: cli.signal })
      }
    })
  examples(command, [
    ['starcluster terminate testcluster', 'asks, then ends the cluster'],
    ['starcluster terminate -c one two', 'ends two clusters without asking'],
  ])
}
