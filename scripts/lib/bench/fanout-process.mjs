// One command on all nodes of a cluster through the library, from nothing: `fanout-process.mjs CLUSTER COMMAND NODE,NODE`.
import { createStarCluster, onEach } from '../../../dist/index.js'

const [tag, command, names] = process.argv.slice(2)
const sc = await createStarCluster()
const nodes = await (await sc.cm.getCluster(tag)).getNodes(names.split(','))
const told = await onEach(nodes, (node) => node.ssh.execute(command, { sourceProfile: false }), { fanout: 64 })
if (told.length !== nodes.length) throw new Error('not every node answered')
await sc.close()
