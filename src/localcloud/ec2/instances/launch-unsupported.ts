import type { RunInstancesRequest } from '@aws-sdk/client-ec2'
import { AwsError } from '../../protocol/aws-error.js'
import { unsupported } from '../unsupported.js'

const REFUSED: readonly (readonly [keyof RunInstancesRequest, string])[] = [
  ['LaunchTemplate', 'launch templates'],
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

/** @throws AwsError UnsupportedOperation, InvalidPlacementGroup.Unknown */
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
}
