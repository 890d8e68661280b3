import { ensureDaemon } from './control.js'
import { askEgress } from './daemon/control-client.js'
import { findDaemon } from './daemon/find-daemon.js'
import type { EgressAnswer, EgressState } from './daemon/status.js'
import { LocalCloudError } from './local-error.js'
import { localPaths } from './paths.js'

export type { EgressState } from './daemon/status.js'

/**
 * Opens or closes the machines' way to what this computer reaches, at once and for good; starts the local cloud for it.
 * @throws LocalCloudError
 */
export async function setEgress(env: NodeJS.ProcessEnv, wanted: boolean, signal?: AbortSignal): Promise<EgressState> {
  await ensureDaemon({ env, withoutImage: true, ...(signal ? { signal } : {}) })
  const found = await findDaemon(localPaths(env), signal)
  if (!found) throw new LocalCloudError('DaemonGone', 'the local cloud ended meanwhile', { hint: 'try again' })
  return told(await askEgress(found.info, 'POST', { signal, body: { wanted } }))
}

/** How it is; undefined when the local cloud does not run. Starts nothing. */
export async function egressState(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<EgressState | undefined> {
  const found = await findDaemon(localPaths(env), signal)
  return found ? told(await askEgress(found.info, 'GET', { signal })) : undefined
}

function told(answer: EgressAnswer): EgressState {
  if ('egress' in answer) return answer.egress
  const { code, message, hint } = answer.error
  throw new LocalCloudError(code, message, { hint })
}
