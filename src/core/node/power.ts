import type { EC2, Instance } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { describeInstancesById } from '../aws/instances.js'
import { InstanceDoesNotExist, InvalidOperation } from './errors.js'
import type { InstanceView } from './instance-view.js'

type Named = Pick<InstanceView, 'id' | 'alias'>

/** The instance as EC2 knows it now. @throws InstanceDoesNotExist */
export async function describeInstance(
  ec2: Pick<EC2, 'describeInstances'>,
  node: Named,
  signal?: AbortSignal,
): Promise<Instance> {
  const [instance] = await describeInstancesById(ec2, [node.id], signal)
  if (instance) return instance
  throw new InstanceDoesNotExist(`instance ${node.id} (${node.alias}) does not exist any more`)
}

export async function startInstance(
  ec2: Pick<EC2, 'startInstances'>,
  node: InstanceView,
  signal?: AbortSignal,
): Promise<void> {
  if (!node.isEbsBacked())
    throw new InvalidOperation(`${node.alias} has no disk that outlives a stop, so it cannot be started`)
  await ec2.startInstances({ InstanceIds: [node.id] }, abortable(signal))
}

export async function stopInstance(
  ec2: Pick<EC2, 'stopInstances'>,
  node: InstanceView,
  signal?: AbortSignal,
): Promise<void> {
  if (!node.isStoppable()) {
    const why = node.isSpot() ? 'it is a spot instance' : 'its disk does not outlive a stop'
    throw new InvalidOperation(`${node.alias} cannot be stopped: ${why}`, { hint: 'terminate it instead' })
  }
  await ec2.stopInstances({ InstanceIds: [node.id] }, abortable(signal))
}

/** Terminates an instance. Its spot request first: a persistent one would launch the next instance. */
export async function terminateInstance(
  ec2: Pick<EC2, 'terminateInstances' | 'cancelSpotInstanceRequests'>,
  node: Named & Pick<InstanceView, 'spotId'>,
  signal?: AbortSignal,
): Promise<void> {
  if (node.spotId !== undefined)
    await ec2.cancelSpotInstanceRequests({ SpotInstanceRequestIds: [node.spotId] }, abortable(signal))
  await ec2.terminateInstances({ InstanceIds: [node.id] }, abortable(signal))
}

export async function rebootInstance(
  ec2: Pick<EC2, 'rebootInstances'>,
  node: Named,
  signal?: AbortSignal,
): Promise<void> {
  await ec2.rebootInstances({ InstanceIds: [node.id] }, abortable(signal))
}
