import { basename } from 'node:path'
import type { Cloud } from '../../cloud.js'
import { LocalCloudError } from '../../local-error.js'
import { AwsError } from '../../protocol/aws-error.js'
import { newId } from '../resource-ids.js'
import type { ImageRecord } from '../state.js'
import { imageWorkOf } from './image-work.js'
import { checkName } from './names.js'

export interface ImportRequest {
  /** Absolute path of a tar file with a root file system. */
  readonly file: string
  /** Default: the file's name without its endings. */
  readonly name?: string
}

/**
 * Makes an image of a file of this computer. StarCluster's own: AWS imports disks, from S3 only. The image exists when it
 * is whole; an import that fails or is ended leaves nothing.
 *
 * @throws LocalCloudError BadImageName, and as `NodeDisks.importTar`
 */
export async function importImage(
  request: ImportRequest,
  cloud: Cloud,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (line: string) => void } = {},
): Promise<ImageRecord> {
  const { ec2 } = cloud.state
  const from = basename(request.file)
  const wanted = request.name ?? from.replace(/(\.(tar|t[gx]z|tbz2?|tzst|gz|xz|zst|bz2))+$/i, '')
  const name = freeName(cloud, wanted)
  const id = newId('ami')
  const work = imageWorkOf(cloud)
  try {
    return await work.whileImporting(id, async () => {
      const { layer, distribution } = await cloud.engine.disks.importTar(request.file, id, options)
      freeName(cloud, name) // taken meanwhile?
      options.signal?.throwIfAborted()
      const image: ImageRecord = {
        id,
        name,
        description: `${distribution}, imported from ${from}`,
        architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
        layers: [layer],
        createdAt: cloud.now().toISOString(),
        importedFrom: from,
      }
      ec2.images[id] = image
      try {
        await cloud.commit()
      } catch (error) {
        delete ec2.images[id]
        throw error
      }
      return image
    })
  } finally {
    work.tidy()
    work.wake()
  }
}

function freeName(cloud: Cloud, name: string): string {
  try {
    return checkName(cloud.state.ec2, name)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw new LocalCloudError('BadImageName', error.message, { cause: error, hint: 'give another one with --name' })
  }
}
