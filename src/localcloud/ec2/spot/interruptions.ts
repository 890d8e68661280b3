import type { Cloud } from '../../cloud.js'
import type { NodeEngine } from '../../nodes/engine.js'
import type { SpotBehavior } from './records.js'

/** What is going to happen to a spot instance, as the metadata service tells it. */
export interface Interruption {
  readonly action: SpotBehavior
  readonly at: Date
  readonly noticed: Date
}

/** Coming interruptions by instance id: in memory, as the faults they come from. A cloud is known by its engine. */
const coming = new WeakMap<NodeEngine, Map<string, Interruption>>()

export function interruptionOf(cloud: Cloud, instanceId: string): Interruption | undefined {
  return coming.get(cloud.engine)?.get(instanceId)
}

export function noteInterruption(cloud: Cloud, instanceId: string, interruption: Interruption | undefined): void {
  const known = coming.get(cloud.engine) ?? new Map<string, Interruption>()
  coming.set(cloud.engine, known)
  if (interruption) known.set(instanceId, interruption)
  else known.delete(instanceId)
}
