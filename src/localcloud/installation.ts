import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCloudError } from './local-error.js'

export interface Installation {
  /** Top folder of the package. */
  readonly root: string
  /** True when this code runs from its TypeScript sources, not from the bundle in dist. */
  readonly fromSource: boolean
}

/** Where this program is, from `src` or from a chunk somewhere in `dist`. */
export function installation(): Installation {
  const self = fileURLToPath(import.meta.url)
  for (let dir = dirname(self); dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return { root: dir, fromSource: self.endsWith('.ts') }
  }
  throw new LocalCloudError('BadInstallation', `no package.json above ${self}`, { hint: 'install starcluster again' })
}
