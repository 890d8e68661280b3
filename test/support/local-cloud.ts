import { ensureDaemon, resetLocalCloud } from '../../src/localcloud/control.js'
import { type TempHome, tempHome } from './temp-home.js'

export interface LocalCloud {
  readonly home: TempHome
  /** Environment whose HOME this cloud belongs to. */
  readonly env: NodeJS.ProcessEnv
  readonly endpoint: string
  /** Ends the daemon with all its machines and removes HOME. */
  remove(): Promise<void>
}

/** A local cloud with a HOME of its own, with the base image at hand. One per test file; remove it in `afterAll`. */
export async function useLocalCloud(files: Record<string, string> = {}): Promise<LocalCloud> {
  const home = await tempHome(files)
  const remove = async () => {
    await resetLocalCloud(home.env)
    await home.remove()
  }
  try {
    const { endpoint } = await ensureDaemon({ env: home.env })
    return { home, env: home.env, endpoint, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
