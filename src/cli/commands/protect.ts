import { log } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag...>', 'names of the clusters')
    .option('--off', 'lift the protection')
    .action(async (tags: string[], flags: { off?: boolean }) => {
      const { cm } = await cli.open()
      for (const tag of tags) {
        await cm.protectCluster(tag, { on: !flags.off, signal: cli.signal })
        log.info(flags.off ? `${tag} is not protected any more` : `${tag} is protected: it cannot be terminated`)
      }
    })
  examples(command, [
    ['starcluster protect prod', 'neither it nor nodes of it can be terminated'],
    ['starcluster protect --off prod', 'lift that'],
  ])
}
