import { inParts, instancesPerCall } from '../aws/instances.js'
import { isMasterAlias, masterAlias, workerAlias } from '../node/aliases.js'
import { ClusterValidationError } from './errors.js'

/** Nodes that one RunInstances call makes: they differ in nothing but their alias. */
export interface LaunchGroup {
  readonly instanceType: string
  readonly imageId: string
  readonly aliases: readonly string[]
}

export interface LaunchWish {
  /** Nodes, the master included. */
  readonly size: number
  readonly masterImageId: string | undefined
  readonly masterInstanceType: string | undefined
  readonly nodeImageId: string
  /** As in the config: groups for the first workers, the last without count for all others. */
  readonly nodeInstanceTypes: readonly { readonly type: string; readonly imageId?: string; readonly count?: number }[]
  /** The master is launched by itself, also when workers are like it: what is tried for them is not for it. */
  readonly masterAlone?: boolean
  /** Aliases begin with this. */
  readonly prefix: string
}

/** Which calls launch a cluster: one per (type, image) and thousand nodes, the master's group first. @throws ClusterValidationError */
export function planLaunch(wish: LaunchWish): LaunchGroup[] {
  const { size, nodeImageId, nodeInstanceTypes, prefix, masterAlone = false } = wish
  if (!Number.isInteger(size) || size < 1) {
    throw new ClusterValidationError(`the cluster size must be a whole number of at least 1, not ${size}`)
  }
  const rest = nodeInstanceTypes.at(-1)
  if (!rest)
    throw new ClusterValidationError('no instance type is given for the nodes', { hint: 'set node_instance_type (-i)' })
  const named = nodeInstanceTypes.slice(0, -1).reduce((sum, { count = 1 }) => sum + count, 0)
  if (named > size - 1) {
    throw new ClusterValidationError(`node_instance_type asks for ${named} workers, but the cluster has ${size - 1}`, {
      hint: 'raise cluster_size (-s), which counts the master too, or lower the counts',
    })
  }
  const groups = new Map<string, { instanceType: string; imageId: string; aliases: string[] }>()
  const add = (instanceType: string, imageId: string, alias: string) => {
    const key = `${instanceType} ${imageId}${masterAlone && isMasterAlias(alias) ? ' master' : ''}`
    const group = groups.get(key) ?? { instanceType, imageId, aliases: [] }
    groups.set(key, group)
    group.aliases.push(alias)
  }
  add(wish.masterInstanceType ?? rest.type, wish.masterImageId ?? nodeImageId, masterAlias(prefix))
  const types = nodeInstanceTypes
    .slice(0, -1)
    .flatMap(({ type, imageId, count = 1 }) => Array.from({ length: count }, () => ({ type, imageId })))
  for (let n = 1; n < size; n++) {
    const { type, imageId } = types[n - 1] ?? { type: rest.type, imageId: rest.imageId }
    add(type, imageId ?? nodeImageId, workerAlias(n, prefix))
  }
  return [...groups.values()].flatMap((group) =>
    inParts(group.aliases, instancesPerCall).map((part) => ({ ...group, aliases: part })),
  )
}
