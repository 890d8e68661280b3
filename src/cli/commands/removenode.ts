import { foldNodeNames, log, nodesToRemove } from '../../index.js'
import { type ConfirmationFlags, confirmationOptions, confirmed } from '../confirmation.js'
import type { DefineCommand } from '../context.js'
import { examples, nameList, positiveInteger } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'

interface Flags extends ConfirmationFlags {
  aliases?: string[]
  numNodes?: number
  keepInstance?: boolean
  force?: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag>', 'name of the cluster')
    .argument('[node...]', 'names of the nodes (default: the last one)')
    .option('-a, --aliases <names>', 'names of the nodes, separated by commas', nameList)
    .option('-n, --num-nodes <n>', 'the last so many nodes', positiveInteger)
    .option('-k, --keep-instance', 'only take them out of the cluster: their instances go on running')
    .option('-f, --force', 'go on when plugins fail')
  confirmationOptions(command).action(async (tag: string, names: string[], flags: Flags) => {
    const { cm } = await cli.open()
    const chosen = [...names, ...(flags.aliases ?? [])]
    if (chosen.length > 0 && flags.numNodes !== undefined) {
      throw command.error('error: give either names or -n, not both', { exitCode: 2 })
    }
    const options = {
      signal: cli.signal,
      count: flags.numNodes,
      force: flags.force === true,
      keepInstances: flags.keepInstance === true,
      aliases: chosen,
    }
    const nodes = await nodesToRemove(await cm.getCluster(tag), options)
    const which = foldNodeNames(nodes.map(({ alias }) => alias))
    const question = flags.keepInstance
      ? `Take ${which} out of cluster ${tag}, where the instances go on running?`
      : `Remove ${which} from cluster ${tag} and delete the disks?`
    if (!(await confirmed(question, flags, cli.signal, `${tag} is left as it is`))) return
    // By id: exactly those that were agreed to.
    const chosenNodes = { ...options, aliases: nodes.map(({ id }) => id), count: undefined }
    await followWaiting(cli, () => cm.removeNodes(tag, chosenNodes))
    if (!flags.keepInstance) log.info(`${which} ${nodes.length === 1 ? 'is' : 'are'} gone`)
  })
  examples(command, [
    ['starcluster removenode testcluster node003', 'this one'],
    ['starcluster removenode -k testcluster node003', 'take it out of the cluster and keep the instance'],
    ['starcluster removenode -c -n 2 testcluster', 'the last two, without being asked'],
  ])
}
