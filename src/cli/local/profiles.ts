import { actOnProfiles } from '../../localcloud/control-profiles.js'
import type { CliContext } from '../context.js'

/** `local profile list|add NAME|remove NAME`. */
export async function profiles(cli: CliContext, act: { add?: string; remove?: string }): Promise<void> {
  const all = await actOnProfiles(cli.env, act, cli.signal)
  cli.print(all.length > 0 ? all.join('\n') : 'No instance profiles.')
}
