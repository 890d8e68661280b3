import { types } from 'node:util'
import type { ClusterListing, StarClusterConfig } from '../../index.js'

/** By their members: neither has a class. */
export function isConfig(value: unknown): value is StarClusterConfig {
  return hasMembers(value, ['templateNames', 'plugins', 'keys', 'sources', 'isStale'])
}

export function isListing(value: unknown): value is ClusterListing {
  return hasMembers(value, ['tag', 'securityGroup', 'vpcId', 'nodes'])
}

/** What a module exports, as Node has it or as a bundler does: nothing but getters. */
export function isNamespace(value: unknown): value is object {
  if (types.isModuleNamespaceObject(value)) return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const members = Object.values(Object.getOwnPropertyDescriptors(value)).filter(({ enumerable }) => enumerable)
  return members.length > 0 && members.every(({ get, set }) => get !== undefined && set === undefined)
}

function hasMembers(value: unknown, names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name))
}
