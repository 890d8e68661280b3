import { ensureDaemon } from './control.js'
import { askProfiles } from './daemon/control-client.js'
import { findDaemon } from './daemon/find-daemon.js'
import { LocalCloudError } from './local-error.js'
import { localPaths } from './paths.js'

/**
 * Adds or removes an instance profile, with its role of the same name, or only lists them.
 * @returns the ARNs of all there are then
 * @throws LocalCloudError BadProfileName, NoSuchProfile, ProfileInUse
 */
export async function actOnProfiles(
  env: NodeJS.ProcessEnv,
  act: { readonly add?: string; readonly remove?: string },
  signal?: AbortSignal,
): Promise<readonly string[]> {
  await ensureDaemon({ env, withoutImage: true, ...(signal ? { signal } : {}) })
  const found = await findDaemon(localPaths(env), signal)
  if (!found) throw new LocalCloudError('DaemonGone', 'the local cloud ended meanwhile', { hint: 'try again' })
  const answer = await askProfiles(found.info, { signal, body: act })
  if ('profiles' in answer) return answer.profiles
  const { code, message, hint } = answer.error
  throw new LocalCloudError(code, message, { hint })
}
