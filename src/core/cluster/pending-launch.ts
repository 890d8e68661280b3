import { randomBytes } from 'node:crypto'
import { abortable } from '../aws/caller-identity.js'
import { tagOf } from '../aws/instances.js'
import { expandAliases, foldAliases } from '../node/aliases.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import type { ClusterGroup } from './discover.js'
import type { LaunchNotes } from './launch-notes.js'
import type { NodesWish } from './new-aliases.js'

/**
 * Nodes that are being added to a cluster that has some, or launched again. Kept in a tag of its group from before their
 * launch until they are part of the cluster: the command again, or `start -x`, sends the same request, which EC2 knows by
 * its token, and launches none of them twice.
 */
export interface PendingLaunch {
  /** Part of the client token. Another one is another launch, also of the same names. */
  readonly launchId: string
  readonly aliases: readonly string[]
  /** Instead of what the cluster was started with. */
  readonly instanceType?: string
  readonly imageId?: string
  /** US dollars an hour for each, where they are spot instances and the cluster's workers are not, or at another price. */
  readonly spotPrice?: number
  /** Instead of the master's. */
  readonly zone?: string
  /** How groups of them were launched, where not in the first way. */
  readonly notes?: LaunchNotes
  /** EC2 protects them from being terminated. Written down, for a request that is sent again must be the same. */
  readonly isProtected?: true
  /** They are all there: nothing is to be launched. */
  readonly launched?: true
}

const pendingTag = 'starcluster:joining'
/** EC2's limit for the value of a tag. */
const valueLimit = 256

/** A launch that EC2 does not know yet, for a cluster as it is now. */
export function newLaunch(
  { marks }: Pick<Cluster, 'marks'>,
  aliases: readonly string[],
  wish: Pick<NodesWish, 'instanceType' | 'imageId' | 'spotPrice' | 'zone'> = {},
): PendingLaunch {
  const { instanceType, imageId, spotPrice, zone } = wish
  return {
    launchId: randomBytes(6).toString('hex'),
    aliases,
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(imageId === undefined ? {} : { imageId }),
    ...(spotPrice === undefined ? {} : { spotPrice }),
    ...(zone === undefined ? {} : { zone }),
    ...(marks.isProtected ? { isProtected: true } : {}),
  }
}

/** What a command that was interrupted, or runs elsewhere, wrote down; undefined: nothing. */
export function pendingLaunch({ group }: Pick<ClusterGroup, 'group'>): PendingLaunch | undefined {
  try {
    const { id, nodes, ...rest } = JSON.parse(tagOf(group, pendingTag) ?? '{}')
    if (typeof id !== 'string' || typeof nodes !== 'string') return undefined
    return { launchId: id, aliases: expandAliases(nodes), ...rest }
  } catch {
    return undefined // somebody changed the tag
  }
}

/** Names that are too many for a tag are not written down: they are chosen by hand, and known to who chose them. */
export async function markPending(
  { aws }: Pick<ClusterDeps, 'aws'>,
  groupId: string,
  { launchId, aliases, ...rest }: PendingLaunch,
  signal?: AbortSignal,
): Promise<void> {
  const Value = JSON.stringify({ id: launchId, nodes: foldAliases(aliases), ...rest })
  if (Value.length > valueLimit) return
  await aws.ec2.createTags({ Resources: [groupId], Tags: [{ Key: pendingTag, Value }] }, abortable(signal))
}

export async function endPending(
  { aws }: Pick<ClusterDeps, 'aws'>,
  groupId: string,
  signal?: AbortSignal,
): Promise<void> {
  await aws.ec2.deleteTags({ Resources: [groupId], Tags: [{ Key: pendingTag }] }, abortable(signal))
}
