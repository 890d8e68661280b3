import type { BaseImage, ImageStore } from './images.js'
import { ownCgroupParent } from './own-cgroup.js'

type Say = (message: string) => void

/** Refused before a minute is spent on what cannot run here. Which group a machine gets is known once it is started. */
export const withSystemd = (store: ImageStore) => ({
  base: () => store.base('systemd'),
  list: () => store.list(),
  isComplete: (image: BaseImage) => store.isComplete(image),
  refreshLists: (image: BaseImage) => store.refreshLists(image),
  ensureBase: async (onProgress: Say) => {
    await ownCgroupParent('probe', 'self')
    return store.ensureBase(onProgress, 'systemd')
  },
  rebuildBase: async (onProgress: Say) => {
    await ownCgroupParent('probe', 'self')
    return store.rebuildBase(onProgress, 'systemd')
  },
})
