import type { EC2 } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { waitFor } from '../wait.js'
import { InvalidOperation } from './errors.js'
import type { InstanceView } from './instance-view.js'

type VolumeCalls = Pick<EC2, 'detachVolume' | 'describeVolumes' | 'deleteVolume'>

/** Detaches volumes of an instance and waits until they can be attached elsewhere. @throws WaitTimeoutError */
export async function detachVolumes(
  ec2: VolumeCalls,
  node: Pick<InstanceView, 'id' | 'alias'>,
  volumeIds: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  if (volumeIds.length === 0) return
  for (const VolumeId of volumeIds) await ec2.detachVolume({ VolumeId, InstanceId: node.id }, abortable(signal))
  const free = async () => {
    const { Volumes = [] } = await ec2.describeVolumes({ VolumeIds: [...volumeIds] }, abortable(signal))
    return Volumes.every(({ State }) => State === 'available') || undefined
  }
  await waitFor(`volumes of ${node.alias} to be detached: ${volumeIds.join(', ')}`, free, {
    timeoutMs: 300_000,
    intervalMs: 500,
    ...(signal ? { signal } : {}),
  })
}

/** Detaches and deletes the root volume of a stopped instance. @throws InvalidOperation */
export async function deleteRootVolume(ec2: VolumeCalls, node: InstanceView, signal?: AbortSignal): Promise<void> {
  const VolumeId = node.blockDeviceMapping.get(node.rootDeviceName ?? '')
  if (!VolumeId) throw new InvalidOperation(`${node.alias} has no root volume that could be deleted`)
  if (!node.isStopped()) {
    throw new InvalidOperation(`the root volume of ${node.alias} cannot be deleted while it is ${node.state}`, {
      hint: 'stop it first, or terminate it: its root volume goes with it',
    })
  }
  await detachVolumes(ec2, node, [VolumeId], signal)
  await ec2.deleteVolume({ VolumeId }, abortable(signal))
}
