import type { ClusterSetup } from './cluster-setup.js'

/** A hook of a plugin. */
export type Hook = 'run' | 'onAddNode' | 'onRemoveNode' | 'onRestart' | 'onShutdown' | 'verify'

const snakeCase: ReadonlyMap<string, Hook> = new Map([
  ['on_add_node', 'onAddNode'],
  ['on_remove_node', 'onRemoveNode'],
  ['on_restart', 'onRestart'],
  ['on_shutdown', 'onShutdown'],
])

/** Makes hooks under the original's names answer to ours. Gives the names that were found, as written. */
export function adoptSnakeCaseHooks(instance: ClusterSetup): string[] {
  const adopted: string[] = []
  const members = instance as unknown as Record<string, unknown>
  for (const [written, hook] of snakeCase) {
    const method = members[written]
    // The one nearer to the plugin's own class counts: a base class of ours may define the other.
    if (typeof method !== 'function' || distance(instance, hook) <= distance(instance, written)) continue
    members[hook] = method.bind(instance)
    adopted.push(written)
  }
  return adopted
}

function distance(instance: object, name: string): number {
  let steps = 0
  for (let object: object | null = instance; object; object = Object.getPrototypeOf(object)) {
    if (Object.hasOwn(object, name)) return steps
    steps++
  }
  return Number.POSITIVE_INFINITY
}
