import type { ImageStore } from './images.js'
import { ownCgroupParent } from './own-cgroup.js'

/** Refused before a minute is spent on what cannot run here. Which group a machine gets is known once it is started. */
export const withSystemd = (store: ImageStore) => ({
  base: () => store.base('systemd'),
  ensureBase: async (onProgress: (message: string) => void) => {
    await ownCgroupParent('probe', 'self')
    return store.ensureBase(onProgress, 'systemd')
  },
})
