import { nearest } from '../nearest.js'
import { InstanceDoesNotExist, InstanceNotRunning } from '../node/errors.js'
import type { Node } from '../node/node.js'
import { unfoldNodeNames } from '../ssh/fold.js'
import { NoClusterNodesFound } from './errors.js'
import { findNode, masterOf } from './find-node.js'

/**
 * The running nodes that a list names, each once, in the cluster's order. Without a list: all that run.
 *
 * @param list each an alias, instance id, address or DNS name; a range such as `node[001-003,007]`; `master`, `workers` or
 *   `all`; or several of these with commas
 * @throws InstanceDoesNotExist naming the nearest, InstanceNotRunning, NoClusterNodesFound
 */
export function selectNodes(tag: string, nodes: readonly Node[], list?: readonly string[]): Node[] {
  if (list === undefined) return running(tag, nodes)
  const chosen = new Set(list.flatMap((text) => namesOf(text)).flatMap((name) => named(tag, nodes, name)))
  if (chosen.size === 0)
    throw new InstanceDoesNotExist(`no node of cluster ${tag} is named`, {
      hint: 'name nodes as in master,node[001-003], or leave the list out for all',
    })
  for (const node of chosen) if (!node.isRunning()) throw notRunning(tag, node)
  return nodes.filter((node) => chosen.has(node))
}

function named(tag: string, nodes: readonly Node[], name: string): Node[] {
  const exact = nodes.find((node) => node.alias === name)
  if (exact) return [exact]
  if (name === 'all') return running(tag, nodes)
  if (name === 'workers') return nodes.filter((node) => !node.isMaster() && node.isRunning())
  if (name === 'master') return [masterOf(tag, nodes)]
  try {
    return [findNode(tag, nodes, name)]
  } catch (error) {
    const word = nearest(name, ['all', 'workers', 'master'])
    if (word === undefined || !(error instanceof InstanceDoesNotExist) || error.message.includes('did you mean'))
      throw error
    throw new InstanceDoesNotExist(`cluster ${tag} has no node ${name} (did you mean ${word}?)`, { hint: error.hint })
  }
}

function namesOf(text: string): string[] {
  try {
    return unfoldNodeNames(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new InstanceDoesNotExist(`this is no list of nodes: ${error.message}`, {
      hint: 'several names are separated by commas, ranges are written node[001-003] or node[001-003,007]',
    })
  }
}

function running(tag: string, nodes: readonly Node[]): Node[] {
  const found = nodes.filter((node) => node.isRunning())
  const [first] = nodes
  if (found.length > 0) return found
  if (first) throw notRunning(tag, first)
  throw new NoClusterNodesFound(`cluster ${tag} has no nodes`)
}

function notRunning(tag: string, node: Node): InstanceNotRunning {
  const hint = node.isStopped() ? `"starcluster start -x ${tag}" resumes the cluster` : undefined
  return new InstanceNotRunning(node.alias, node.state, hint)
}
