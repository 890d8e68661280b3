import type { Cloud } from '../cloud.js'
import { importImage } from '../ec2/index.js'
import type { ImageAct, MadeImage } from './status.js'

interface Following {
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

/** What the command line asks of images and AWS has no request for. */
export async function imageAct(act: ImageAct, cloud: Cloud, following: Following): Promise<MadeImage | undefined> {
  const { id, name, description } = await importImage(act, cloud, following)
  return { id, name, description }
}
