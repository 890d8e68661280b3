// One command on all nodes of a cluster through the library, from nothing: `fanout-process.mjs CLUSTER COMMAND`.
import { createStarCluster, onEach } from '../../../dist/index.js'

const [tag, command] = process.argv.slice(2)
const sc = await createStarCluster()
const nodes = await (await sc.cm.getCluster(tag)).getNodes()
const told = await onEach(nodes, (node) => node.ssh.execute(command, { sourceProfile: false }))
if (told.length !== nodes.length) throw new Error('not every node answered')
await sc.close()
