import { setTimeout as sleep } from 'node:timers/promises'
import type { Cloud } from '../../cloud.js'
import type { NodeSpec } from '../../nodes/engine.js'
import { faultsOf } from '../faults.js'

/** Holds a boot back while the fault `slow-boot` lasts and the boot is still wanted. */
export async function delayBoot(cloud: Cloud, wanted: () => boolean): Promise<void> {
  const fault = faultsOf(cloud).hit('slow-boot')
  if (!fault) return
  const end = performance.now() + fault.ms
  while (wanted() && performance.now() < end) await sleep(Math.max(1, Math.min(100, end - performance.now())))
}

/** What the engine is to boot. @throws Error when the fault `boot-failure` hits */
export function withBootFaults(cloud: Cloud, spec: NodeSpec): NodeSpec {
  const faults = faultsOf(cloud)
  if (faults.hit('boot-failure')) throw new Error('the boot failed (injected fault boot-failure)')
  return faults.hit('no-ssh') ? { ...spec, unreachable: true } : spec
}

/** Ends a node that has just booted, when the fault `crash` hits it. `ended` is told as if it had ended by itself. */
export function crashLater(cloud: Cloud, id: string, ended: (id: string) => void): void {
  const fault = faultsOf(cloud).hit('crash')
  if (!fault) return
  const crash = async () => {
    cloud.log.warn(`instance ${id}: its node is killed (injected fault crash)`)
    await cloud.engine.stop(id, { force: true })
    ended(id)
  }
  const failed = (error: unknown) => cloud.log.error(`instance ${id}: cannot be crashed: ${String(error)}`)
  setTimeout(() => void crash().catch(failed), fault.ms ?? 1).unref()
}
