import { foldNodeNames, log } from '../../index.js'
import { type ConfirmationFlags, confirmationOptions, confirmed } from '../confirmation.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'

interface Flags extends ConfirmationFlags {
  readonly terminateUnstoppable?: boolean
  readonly force?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag...>', 'names of the clusters')
    .option(
      '-t, --terminate-unstoppable',
      'remove nodes that cannot be stopped, such as spot instances, with their disks',
    )
    .option('-f, --force', 'ignore failing plugins')
  confirmationOptions(command).action(async (tags: string[], flags: Flags) => {
    const { cm } = await cli.open()
    for (const tag of tags) {
      const { force = false, terminateUnstoppable = false } = flags
      const cluster = await cm.getCluster(tag)
      const lost = terminateUnstoppable ? (await cluster.getNodes()).filter((node) => !node.isStoppable()) : []
      const also =
        lost.length === 0
          ? ''
          : ` ${foldNodeNames(lost.map(({ alias }) => alias))} cannot be stopped: deleted, with the disks.`
      const declined = `${cluster.tag} is left as it is`
      if (!(await confirmed(`Stop cluster ${cluster.tag}?${also}`, flags, cli.signal, declined))) continue
      await followWaiting(cli, () => cm.stopCluster(tag, { signal: cli.signal, force, terminateUnstoppable }))
      log.info(`"starcluster start -x ${cluster.tag}" resumes it, "starcluster terminate ${cluster.tag}" deletes it`)
    }
  })
  examples(command, [
    ['starcluster stop testcluster', 'stop for the night; disks stay'],
    ['starcluster stop -t testcluster', 'the same for a cluster with spot instances, which are deleted'],
    ['starcluster start -x testcluster', 'resume in the morning'],
  ])
}
