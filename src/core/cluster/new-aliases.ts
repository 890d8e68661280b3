import { checkHostname, foldAliases, freeAliases, isMasterAlias } from '../node/aliases.js'
import type { Node } from '../node/node.js'
import type { Cluster } from './cluster.js'
import { ClusterValidationError } from './errors.js'
import type { PendingLaunch } from './pending-launch.js'

/** Nodes that are to join a cluster. */
export interface NodesWish {
  /** How many. Default: as many as aliases are given, else 1. */
  readonly count?: number | undefined
  /** Names of the new nodes. Default: the first free `node001`, `node002`, ... after the last one. */
  readonly aliases?: readonly string[] | undefined
  /** Instead of what the cluster was started with. */
  readonly instanceType?: string | undefined
  readonly imageId?: string | undefined
  /** User with sudo that this image lets in instead of root. */
  readonly imageUser?: string | undefined
  /** They are spot instances, for at most so many US dollars an hour each. Default: as the cluster's workers are. */
  readonly spotPrice?: number | undefined
  /** Default: the master's zone. */
  readonly zone?: string | undefined
  /** False: these nodes exist already; only set them up and tell the others. Needs `aliases`. */
  readonly create?: boolean | undefined
}

/**
 * Names for the nodes that are to join a cluster.
 *
 * @param pending nodes of a command that was interrupted, whether they are among `nodes` or not
 * @returns those of `pending` when they are what is asked for
 * @throws ClusterValidationError when a name is taken, reserved, given twice, or missing with `create: false`
 */
export function chooseAliases(
  cluster: Pick<Cluster, 'tag' | 'record'>,
  nodes: readonly Node[],
  options: NodesWish,
  pending: PendingLaunch | undefined,
): readonly string[] {
  const { tag, record } = cluster
  const { count = options.aliases?.length ?? 1, create = true } = options
  const prefix = record.dnsPrefix ? `${tag}-` : ''
  if (!Number.isInteger(count) || count < 1) {
    throw new ClusterValidationError(`the number of nodes to add must be a whole number of at least 1, not ${count}`)
  }
  const there = nodes.map(({ alias }) => alias)
  if (!options.aliases) {
    if (!create) throw new ClusterValidationError('which nodes to set up again must be said', { hint: 'give -a NODE' })
    if (pending && pending.aliases.length === count && isSameWish(pending, options)) return pending.aliases
    return freeAliases([...there, ...(pending?.aliases ?? [])], count, prefix)
  }
  const aliases = options.aliases.map((alias) => (alias.startsWith(prefix) ? alias : prefix + alias))
  checkNames(aliases, count)
  if (create && pending && foldAliases(aliases) === foldAliases(pending.aliases) && isSameWish(pending, options)) {
    return pending.aliases
  }
  const taken = new Set(there)
  const bad = aliases.find((alias) => taken.has(alias) === create)
  if (bad !== undefined && create) {
    throw new ClusterValidationError(`cluster ${tag} has a node ${bad} already`, {
      hint: `choose another name; "starcluster addnode -x -a ${bad} ${tag}" sets that one up again`,
    })
  }
  if (bad !== undefined) throw new ClusterValidationError(`cluster ${tag} has no node ${bad} to set up again`)
  return aliases
}

function checkNames(aliases: readonly string[], count: number): void {
  if (aliases.length !== count) {
    throw new ClusterValidationError(`${count} nodes were asked for, but ${aliases.length} names given`)
  }
  for (const alias of aliases) checkHostname(alias)
  const twice = aliases.find((alias, at) => aliases.indexOf(alias) !== at)
  if (twice !== undefined) throw new ClusterValidationError(`the name ${twice} is given twice`)
  const master = aliases.find(isMasterAlias)
  if (master !== undefined) throw new ClusterValidationError(`the name ${master} is reserved for the master`)
}

/** Another type, image, price or zone is another launch. */
function isSameWish(pending: PendingLaunch, wish: NodesWish): boolean {
  return (['instanceType', 'imageId', 'spotPrice', 'zone'] as const).every((key) => pending[key] === wish[key])
}
