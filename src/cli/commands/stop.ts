import { log } from '../../index.js'
import { type ConfirmationFlags, confirmationOptions, confirmed } from '../confirmation.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'

export const define: DefineCommand = (command, cli) => {
  confirmationOptions(command.argument('<tag...>', 'names of the clusters')).action(
    async (tags: string[], flags: ConfirmationFlags) => {
      const { cm } = await cli.open()
      for (const tag of tags) {
        const cluster = await cm.getCluster(tag)
        const declined = `${cluster.tag} is left as it is`
        if (!(await confirmed(`Stop cluster ${cluster.tag}?`, flags, cli.signal, declined))) continue
        await followWaiting(cli, () => cm.stopCluster(tag, { signal: cli.signal }))
        log.info(`"starcluster start -x ${cluster.tag}" resumes it, "starcluster terminate ${cluster.tag}" deletes it`)
      }
    },
  )
  examples(command, [
    ['starcluster stop testcluster', 'stop for the night; disks stay'],
    ['starcluster start -x testcluster', 'resume in the morning'],
  ])
}
