import type { RunInstancesRequest } from '@aws-sdk/client-ec2'
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

/** @throws AwsError UnsupportedOperation */
export function refuseUnsupported(input: RunInstancesRequest): void {
  for (const [name, what] of REFUSED) {
    const value = input[name]
    const absent = value === undefined || value === false || (Array.isArray(value) && value.length === 0)
    if (!absent) throw unsupported(what)
  }
  if (input.HibernationOptions?.Configured) throw unsupported('hibernation')
  if (input.EnclaveOptions?.Enabled) throw unsupported('enclaves')
  const { HostId, Tenancy } = input.Placement ?? {}
  if (HostId || (Tenancy && Tenancy !== 'default')) throw unsupported('dedicated hosts')
}
