import { ensureDaemon } from './control.js'
import { askImageAct } from './daemon/control-client.js'
import { findDaemon } from './daemon/find-daemon.js'
import type { ImageAct, MadeImage } from './daemon/status.js'
import { LocalCloudError } from './local-error.js'
import { localPaths } from './paths.js'

export type { MadeImage } from './daemon/status.js'

interface ImageActOptions {
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  readonly onProgress?: (line: string) => void
}

/**
 * Makes an image of a tar file with a root file system. Ended by the signal, nothing of it is left.
 * @throws LocalCloudError as the daemon says
 */
export async function importImage(
  request: { readonly file: string; readonly name?: string },
  options: ImageActOptions,
): Promise<MadeImage> {
  const image = await act({ act: 'import', ...request }, options)
  if (!image) throw new LocalCloudError('DaemonGone', 'the local cloud did not say which image it made')
  return image
}

/**
 * `build`: the base image, where it or one that machines stand on is missing. `rebuild`: anew, with the packages of today.
 * `refresh`: package lists for machines made from now on. With `systemd`, the one whose machines run it.
 * @throws LocalCloudError as the daemon says
 */
export async function workOnBaseImage(
  request: Exclude<ImageAct, { act: 'import' }>,
  options: ImageActOptions,
): Promise<void> {
  await act(request, options)
}

async function act(request: ImageAct, options: ImageActOptions): Promise<MadeImage | undefined> {
  const { env, signal, onProgress = () => undefined } = options
  await ensureDaemon({ env, withoutImage: true, ...(signal ? { signal } : {}), onProgress })
  const found = await findDaemon(localPaths(env), signal)
  if (!found) throw new LocalCloudError('DaemonGone', 'the local cloud ended meanwhile', { hint: 'try again' })
  const end = await askImageAct(found.info, request, onProgress, { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new LocalCloudError('DaemonGone', 'the local cloud ended before the image was made; nothing of it is kept', {
      cause,
      hint: 'run the command again; starcluster local logs may say why it ended',
    })
  })
  if ('error' in end) throw new LocalCloudError(end.error.code, end.error.message, { hint: end.error.hint })
  return end.image
}
