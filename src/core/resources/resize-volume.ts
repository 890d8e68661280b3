import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import type { Cluster } from '../cluster/cluster.js'
import { InvalidOperation } from '../node/errors.js'
import type { Node } from '../node/node.js'
import { growStep } from '../node/scripts/grow-step.js'
import { runScript, type ScriptResult } from '../node/scripts/run-script.js'
import { RemoteCommandFailed } from '../ssh/errors.js'
import type { ResourceDeps } from './deps.js'
import { findInstance } from './instances.js'
import { findVolume, type VolumeListing } from './volumes.js'
import { type Waiting, waitForAws } from './waiting.js'

type Deps = ResourceDeps & { readonly cm: { getCluster(tag: string): Promise<Cluster> } }

export interface ResizedVolume {
  readonly id: string
  /** GiB before and now. */
  readonly from: number
  readonly size: number
  /** What grew on the node that has it: partition, mount point with its size. */
  readonly grown: readonly string[]
  /** Why nothing grew on a node, and what to do. */
  readonly open?: string
}

/**
 * Makes a volume larger while it is used, and on the node of a cluster that has it its partition and file system too. A volume
 * that has the size already is not modified, so that the command can be run again for its file system.
 *
 * @param wanted id or name  @param size GiB
 * @throws VolumeDoesNotExist, InvalidOperation, RemoteCommandFailed
 */
export async function resizeVolume(
  deps: Deps,
  wanted: string,
  size: number,
  waiting: Waiting = {},
): Promise<ResizedVolume> {
  const volume = await findVolume(deps, wanted, waiting)
  const { id, size: from } = volume
  if (size < from) {
    throw new InvalidOperation(`volume ${id} has ${from} GiB and cannot be made smaller`, {
      hint: `make a smaller one in ${volume.zone} (starcluster createvolume) and copy the data on a node`,
    })
  }
  if (size > from) await modify(deps, id, from, size, waiting)
  await waitForModification(deps, id, waiting)
  return { id, from, size, ...(await growOnNode(deps, volume, size, waiting)) }
}

async function modify({ aws, log }: Deps, id: string, from: number, size: number, { signal }: Waiting): Promise<void> {
  try {
    await aws.ec2.modifyVolume({ VolumeId: id, Size: size }, abortable(signal))
    log.info(`Growing volume ${id} from ${from} to ${size} GiB...`)
  } catch (error) {
    if (!isAwsError(error, 'IncorrectModificationState', 'VolumeModificationRateExceeded', 'IncorrectState'))
      throw error
    throw new InvalidOperation(`volume ${id} cannot be grown now: ${error.message}`, {
      cause: error,
      hint: 'wait until its last modification is complete, some hours on AWS, and try again',
    })
  }
}

/** Its new size can be used as soon as EC2 is `optimizing`. Source: EBS User Guide, "Monitor the progress of modifications". */
async function waitForModification({ aws }: Deps, id: string, { signal, onProgress }: Waiting): Promise<void> {
  const look = async (until: AbortSignal) => {
    const found = await modificationOf({ aws }, id, until)
    if (found === undefined || found.ModificationState === 'completed' || found.ModificationState === 'optimizing')
      return true
    if (found.ModificationState === 'failed') {
      throw new InvalidOperation(`volume ${id} did not grow: ${found.StatusMessage ?? 'EC2 does not say why'}`, {
        hint: 'it works as before; try again',
      })
    }
    onProgress?.(`volume ${id} to grow: ${found.Progress ?? 0} %`)
    return undefined
  }
  await waitForAws(`volume ${id} to grow`, look, {
    timeoutMs: 30 * 60_000,
    slowestMs: 5000,
    signal,
    hint: `EC2 goes on with it; for its file system run the command again once "starcluster listvolumes -v ${id}" has the new size`,
  })
}

/** Its last modification; undefined when it has never been modified. */
async function modificationOf({ aws }: Pick<Deps, 'aws'>, id: string, signal: AbortSignal) {
  try {
    const { VolumesModifications } = await aws.ec2.describeVolumesModifications({ VolumeIds: [id] }, abortable(signal))
    return VolumesModifications?.[0]
  } catch (error) {
    if (isAwsError(error, 'InvalidVolumeModification.NotFound')) return undefined
    throw error
  }
}

async function growOnNode(
  deps: Deps,
  { id, instanceId, device = '', attachStatus }: VolumeListing,
  size: number,
  { signal, onProgress }: Waiting,
): Promise<Pick<ResizedVolume, 'grown' | 'open'>> {
  const again = `starcluster resizevolume ${id} ${size}`
  if (instanceId === undefined || attachStatus !== 'attached') {
    return {
      grown: [],
      open: `no node has it now: its file system grows when you run this again while one has: ${again}`,
    }
  }
  const { cluster, state } = await findInstance(deps, instanceId, { signal })
  if (cluster === undefined) {
    return {
      grown: [],
      open: `${instanceId}, which has it, is of no cluster: grow the file system there, with growpart and resize2fs or xfs_growfs`,
    }
  }
  const node = await (await deps.cm.getCluster(cluster)).getNode(instanceId, { signal })
  if (state !== 'running') {
    return {
      grown: [],
      open: `${node.alias} of ${cluster}, which has it, is ${state}: its file system grows when you run this again while it runs: ${again}`,
    }
  }
  onProgress?.(`file system on ${node.alias}`)
  const { changed, warnings } = await grow(node, id, device, size, signal)
  if (warnings.length > 0) return { grown: changed, open: warnings.join('; ') }
  return { grown: changed.map((what) => `${what} on ${node.alias} of ${cluster}`) }
}

/** @throws InvalidOperation with what the node said: the volume has its size, its file system has not */
async function grow(node: Node, id: string, device: string, size: number, signal?: AbortSignal): Promise<ScriptResult> {
  try {
    return await runScript(node.ssh, [growStep(id, device)], { signal })
  } catch (error) {
    if (!(error instanceof RemoteCommandFailed)) throw error
    const said = error.stderr.trim().split('\n')[0] ?? ''
    throw new InvalidOperation(
      `volume ${id} has ${size} GiB, but on ${node.alias} not all of it can be used: ${said}`,
      {
        cause: error,
        hint: `when that is mended, go on with: starcluster resizevolume ${id} ${size}`,
      },
    )
  }
}
