import type { ClusterListing, StarClusterConfig } from '../../index.js'

/** By their members: neither has a class. */
export function isConfig(value: unknown): value is StarClusterConfig {
  return hasMembers(value, ['templateNames', 'plugins', 'keys', 'sources', 'isStale'])
}

export function isListing(value: unknown): value is ClusterListing {
  return hasMembers(value, ['tag', 'securityGroup', 'vpcId', 'nodes'])
}

function hasMembers(value: unknown, names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name))
}
