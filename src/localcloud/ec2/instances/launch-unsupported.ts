import type { BlockDeviceMapping, RunInstancesRequest } from '@aws-sdk/client-ec2'
import { AwsError } from '../../protocol/aws-error.js'
import { ROOT_DEVICE, ROOT_VOLUME_GIB } from '../images/images.js'

/** What EC2 has and this cloud has not: refused, since a request that is half obeyed misleads. */
export function unsupported(what: string): AwsError {
  return new AwsError('UnsupportedOperation', `The local cloud does not have ${what}.`)
}

const REFUSED: readonly (readonly [keyof RunInstancesRequest, string])[] = [
  ['LaunchTemplate', 'launch templates'],
  ['InstanceMarketOptions', 'spot instances and capacity blocks'],
  ['IamInstanceProfile', 'instance profiles'],
  ['Ipv6AddressCount', 'IPv6 addresses'],
  ['Ipv6Addresses', 'IPv6 addresses'],
  ['EnablePrimaryIpv6', 'IPv6 addresses'],
  ['KernelId', 'kernels of its own'],
  ['RamdiskId', 'RAM disks of its own'],
  ['ElasticGpuSpecification', 'GPUs'],
  ['ElasticInferenceAccelerators', 'inference accelerators'],
  ['LicenseSpecifications', 'licence configurations'],
  ['SecondaryInterfaces', 'secondary interfaces'],
]

/** @throws AwsError UnsupportedOperation, InvalidPlacementGroup.Unknown, InvalidBlockDeviceMapping */
export function refuseUnsupported(input: RunInstancesRequest): void {
  for (const [name, what] of REFUSED) {
    const value = input[name]
    const absent = value === undefined || value === false || (Array.isArray(value) && value.length === 0)
    if (!absent) throw unsupported(what)
  }
  if (input.HibernationOptions?.Configured) throw unsupported('hibernation')
  if (input.EnclaveOptions?.Enabled) throw unsupported('enclaves')
  const { GroupName, GroupId, HostId, Tenancy } = input.Placement ?? {}
  const group = GroupName || GroupId
  if (group) throw new AwsError('InvalidPlacementGroup.Unknown', `The placement group '${group}' is unknown.`)
  if (HostId || (Tenancy && Tenancy !== 'default')) throw unsupported('dedicated hosts')
  for (const mapping of input.BlockDeviceMappings ?? []) checkMapping(mapping)
}

/** The root volume may be described; ephemeral disks are passed over, as EC2 does for types that have none. */
function checkMapping({ DeviceName, Ebs, NoDevice, VirtualName }: BlockDeviceMapping): void {
  if (DeviceName === ROOT_DEVICE && Ebs?.VolumeSize !== undefined && Ebs.VolumeSize < ROOT_VOLUME_GIB) {
    const message = `Volume of size ${Ebs.VolumeSize}GB is smaller than the image, expect size >= ${ROOT_VOLUME_GIB}GB`
    throw new AwsError('InvalidBlockDeviceMapping', message)
  }
  if (DeviceName === ROOT_DEVICE || NoDevice !== undefined || VirtualName !== undefined) return
  if (Ebs) {
    const message = `Invalid device name ${DeviceName ?? ''}: the local cloud has a root volume (${ROOT_DEVICE}) only`
    throw new AwsError('InvalidBlockDeviceMapping', message)
  }
}
