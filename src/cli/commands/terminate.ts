import { describeTermination } from '../../index.js'
import { type ConfirmationFlags, confirmationOptions, confirmed } from '../confirmation.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'

export const define: DefineCommand = (command, cli) => {
  confirmationOptions(command.argument('<tag...>', 'names of the clusters'))
    .option('-f, --force', 'ignore failing plugins')
    .option('-n, --dry-run', 'only tell what would be deleted and what would stay')
    .action(async (tags: string[], flags: ConfirmationFlags & { force?: boolean; dryRun?: boolean }) => {
      const { cm } = await cli.open()
      for (const tag of tags) {
        const planned = await cm.planTermination(tag, { signal: cli.signal })
        const plan = describeTermination(planned)
        if (flags.dryRun) {
          cli.print(plan)
          continue
        }
        const agreed = () => confirmed(`${plan}\nTerminate it?`, flags, cli.signal, `${tag} is left as it is`)
        // Of a protected one nothing is asked: it is refused.
        if (!planned.isProtected && !(await agreed())) continue
        const options = { force: flags.force === true, signal: cli.signal }
        await followWaiting(cli, () => cm.terminateCluster(tag, options))
      }
    })
  examples(command, [
    ['starcluster terminate testcluster', 'asks, then ends the cluster'],
    ['starcluster terminate --dry-run testcluster', 'what would go, what would stay'],
    ['starcluster terminate -c one two', 'ends two clusters without asking'],
  ])
}
