import { log } from '../../index.js'
import { confirm } from '../confirm.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag...>', 'names of the clusters')
    .option('-c, --confirm', 'do not ask')
    .action(async (tags: string[], flags: { confirm?: boolean }) => {
      const { cm } = await cli.open()
      for (const tag of tags) {
        const cluster = await cm.getCluster(tag)
        if (!flags.confirm && !(await confirm(`Stop cluster ${cluster.tag}?`, cli.signal))) {
          log.info(`Aborting: ${cluster.tag} is left as it is`)
          continue
        }
        await cm.stopCluster(tag, { signal: cli.signal })
        log.info(`"starcluster start -x ${cluster.tag}" resumes it, "starcluster terminate ${cluster.tag}" deletes it`)
      }
    })
  examples(command, [
    ['starcluster stop testcluster', 'stop for the night; disks stay'],
    ['starcluster start -x testcluster', 'resume in the morning'],
  ])
}
