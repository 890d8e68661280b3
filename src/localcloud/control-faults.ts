import { ensureDaemon } from './control.js'
import { askFaults } from './daemon/control-client.js'
import { findDaemon } from './daemon/find-daemon.js'
import type { FaultsAnswer } from './daemon/status.js'
import { FAULT_KINDS, type Fault, type FaultKind, parseFault } from './ec2/fault-kinds.js'
import { LocalCloudError } from './local-error.js'
import { localPaths } from './paths.js'

export { FAULT_KINDS, type Fault, type FaultKind, faultText } from './ec2/fault-kinds.js'

/**
 * Injects a fault into the local cloud, which is started for it. Faults end with the daemon.
 * @returns all that are injected then
 * @throws LocalCloudError InvalidFault
 */
export async function injectFault(env: NodeJS.ProcessEnv, fault: Fault, signal?: AbortSignal): Promise<Fault[]> {
  const body = parseFault(fault)
  await ensureDaemon({ env, withoutImage: true, ...(signal ? { signal } : {}) })
  const found = await findDaemon(localPaths(env), signal)
  if (!found) throw new LocalCloudError('DaemonGone', 'the local cloud ended meanwhile', { hint: 'try again' })
  return told(await askFaults(found.info, 'POST', { signal, body }))
}

/** What is injected. Starts nothing. */
export async function listFaults(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Fault[]> {
  const found = await findDaemon(localPaths(env), signal)
  return found ? told(await askFaults(found.info, 'GET', { signal })) : []
}

/** Clears the faults of one kind, or all. Starts nothing. @returns what is injected still */
export async function clearFaults(env: NodeJS.ProcessEnv, kind?: string, signal?: AbortSignal): Promise<Fault[]> {
  if (kind !== undefined && !Object.hasOwn(FAULT_KINDS, kind)) {
    const hint = `kinds: ${Object.keys(FAULT_KINDS).join(', ')}`
    throw new LocalCloudError('InvalidFault', `there is no fault ${JSON.stringify(kind)}`, { hint })
  }
  const found = await findDaemon(localPaths(env), signal)
  if (!found) return []
  const body = kind === undefined ? {} : { kind: kind as FaultKind }
  return told(await askFaults(found.info, 'DELETE', { signal, body }))
}

function told(answer: FaultsAnswer): Fault[] {
  if (!('error' in answer)) return [...answer]
  const { code, message, hint } = answer.error
  throw new LocalCloudError(code, message, { hint })
}
