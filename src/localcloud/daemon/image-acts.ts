import type { Cloud } from '../cloud.js'
import { importImage } from '../ec2/index.js'
import type { BaseImageKeeper } from './base-image.js'
import type { ImageAct, MadeImage } from './status.js'

interface Following {
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

/** What the command line asks of images and AWS has no request for. */
export async function imageAct(
  request: ImageAct,
  cloud: Cloud,
  keepers: { readonly image: BaseImageKeeper; readonly systemdImage: BaseImageKeeper },
  following: Following,
): Promise<MadeImage | undefined> {
  if (request.act !== 'import') {
    const keeper = request.systemd ? keepers.systemdImage : keepers.image
    await keeper[request.act](following.onProgress)
    return undefined
  }
  const { id, name, description } = await importImage(request, cloud, following)
  return { id, name, description }
}
