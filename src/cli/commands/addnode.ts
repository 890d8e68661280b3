import { foldNodeNames, log } from '../../index.js'
import type { DefineCommand } from '../context.js'
import { examples, nameList, positiveInteger, price } from '../examples.js'
import { followWaiting } from '../follow-waiting.js'

interface Flags {
  alias?: string[]
  numNodes?: number
  imageId?: string
  imageUser?: string
  instanceType?: string
  availabilityZone?: string
  bid?: number
  create: boolean
}

export const define: DefineCommand = (command, cli) => {
  command
    .argument('<tag>', 'name of the cluster')
    .option('-a, --alias <names>', 'names of the new nodes, separated by commas (default: the next numbers)', nameList)
    .option('-n, --num-nodes <n>', 'how many (default: 1)', positiveInteger)
    .option('-i, --image-id <image>', "image of the new nodes (default: the cluster's)")
    .option('--image-user <name>', 'user with sudo that this image lets in instead of root')
    .option('-I, --instance-type <type>', "instance type of the new nodes (default: the cluster's)")
    .option('-z, --availability-zone <zone>', "zone of the new nodes (default: the master's)")
    .option('-b, --bid <price>', 'spot instances, for at most so many US dollars an hour each', price)
    .option('-x, --no-create', 'these nodes exist: only set them up and tell the others (needs -a)')
    .action(async (tag: string, flags: Flags) => {
      const { cm } = await cli.open()
      const options = {
        signal: cli.signal,
        create: flags.create,
        aliases: flags.alias,
        count: flags.numNodes,
        imageId: flags.imageId,
        imageUser: flags.imageUser,
        instanceType: flags.instanceType,
        spotPrice: flags.bid,
        zone: flags.availabilityZone,
      }
      const added = await followWaiting(cli, () => cm.addNodes(tag, options))
      log.info(
        `${foldNodeNames(added.map(({ alias }) => alias))} ${added.length === 1 ? 'is' : 'are'} part of ${tag} now`,
      )
    })
  examples(command, [
    ['starcluster addnode -n 2 testcluster', 'two more nodes like the others'],
    ['starcluster addnode -n 4 -b 0.02 testcluster', 'four spot instances'],
    ['starcluster addnode -a big1 -I m5.xlarge testcluster', 'one of another type, with a name of its own'],
  ])
}
