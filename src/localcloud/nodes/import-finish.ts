import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readHostApt } from './apt-host.js'
import { guestDir } from './guest-dir.js'
import { mustRunHost } from './host-command.js'
import { aptConf } from './image-build.js'
import { DIVERTED } from './image-recipe.js'
import { asNodeRootIn } from './own-root.js'

/** Makes an imported root file system fit to stand below machines (guest/host/finish-import.pl). */
export async function finishImport(root: string): Promise<void> {
  // As text: the ids of nodes may not be allowed to read our installation.
  const script = await readFile(join(guestDir(), 'host', 'finish-import.pl'), 'utf8')
  await mustRunHost(...asNodeRootIn(root, 'perl', ['-e', script, ...DIVERTED]), { input: await hostAptText() })
}

/** How this computer reaches its archive, for apt of a machine: proxies and certificates. Package sources are the image's own. */
async function hostAptText(): Promise<string> {
  const apt = await readHostApt().catch(() => undefined)
  if (!apt) return '' // not a Debian: nothing to pass on
  const authorities = apt.caFile ? await readFile(apt.caFile, 'utf8').catch(() => '') : ''
  return apt.settings.length > 0 ? `${aptConf(apt).join('\n')}\n\0${authorities}` : ''
}
