import type { ClusterSnapshot } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples } from '../examples.js'

export const define: DefineCommand = (command, cli) => {
  command
    .description('list the named states of a cluster, oldest first (local cloud)')
    .argument('<tag>', 'name of the cluster')
    .option('--remove <name>', 'forget this one; the disks stay as they are')
    .action(async (tag: string, flags: { remove?: string }) => {
      const { cm } = await cli.open()
      const options = { signal: cli.signal }
      if (flags.remove !== undefined) await cm.forgetSnapshot(tag, flags.remove, options)
      const left = await cm.listSnapshots(tag, options)
      cli.print(left.length > 0 ? left.map(line).join('\n') : `No snapshots of ${tag}.`)
    })
  examples(command, [
    ['starcluster snapshots testcluster', 'when each was made, in UTC, and its name'],
    [
      'starcluster snapshots testcluster --remove before-myplugin',
      'the next runplugin --fresh begins with the state of then',
    ],
  ])
}

const line = ({ name, created }: ClusterSnapshot) => `${created.toISOString().slice(0, 19).replace('T', ' ')}  ${name}`
