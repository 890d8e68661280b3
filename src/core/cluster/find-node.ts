import { nearest } from '../nearest.js'
import { InstanceDoesNotExist } from '../node/errors.js'
import type { Node } from '../node/node.js'
import { requireText } from '../required.js'
import { MasterDoesNotExist } from './errors.js'

/** @throws MasterDoesNotExist */
export function masterOf(tag: string, nodes: readonly Node[]): Node {
  const master = nodes.find((node) => node.isMaster())
  if (master) return master
  throw new MasterDoesNotExist(tag)
}

/** @throws InstanceDoesNotExist naming the nearest and all there are, MissingArgument */
export function findNode(tag: string, nodes: readonly Node[], identifier: string): Node {
  requireText('the name of a node', identifier)
  const matches = (node: Node) =>
    [
      node.alias,
      node.id,
      node.ipAddress,
      node.privateIpAddress,
      node.publicDnsName,
      node.privateDnsName,
      node.privateDnsNameShort,
      node.spotId,
    ].includes(identifier) ||
    // With a DNS prefix the short name works too: node001 for mycluster-node001.
    node.alias === `${tag}-${identifier}`
  const found = identifier === '' ? undefined : nodes.find(matches)
  if (found) return found
  const aliases = nodes.map((node) => node.alias)
  const close = nearest(identifier, aliases)
  throw new InstanceDoesNotExist(
    `cluster ${tag} has no node ${identifier}${close ? ` (did you mean ${close}?)` : ''}`,
    {
      hint:
        aliases.length > 0
          ? `its nodes: ${aliases.slice(0, 20).join(', ')}${aliases.length > 20 ? ', ...' : ''}`
          : 'it has no nodes',
    },
  )
}
