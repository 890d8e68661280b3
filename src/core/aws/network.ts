import type { EC2 } from '@aws-sdk/client-ec2'
import { abortable } from './caller-identity.js'
import { isAwsError, SubnetDoesNotExist } from './errors.js'

/** Where in the network a cluster lives. */
export interface NetworkPlace {
  readonly vpcId: string
  /** undefined: EC2 takes the default subnet of whichever zone it chooses. */
  readonly subnetId?: string
  /** Zone of the subnet. */
  readonly zone?: string
  /** Addresses that the subnet has left. */
  readonly freeAddresses?: number
  /** Whether it gives public addresses by itself. */
  readonly mapsPublicIps?: boolean
}

/** The place a configured subnet gives, else the default VPC. */
export async function findNetwork(
  ec2: Pick<EC2, 'describeVpcs' | 'describeSubnets'>,
  subnetId: string | undefined,
  signal?: AbortSignal,
): Promise<NetworkPlace> {
  return subnetId ? bySubnet(ec2, subnetId, signal) : byDefaultVpc(ec2, signal)
}

async function bySubnet(
  ec2: Pick<EC2, 'describeSubnets'>,
  subnetId: string,
  signal?: AbortSignal,
): Promise<NetworkPlace> {
  try {
    const { Subnets } = await ec2.describeSubnets({ SubnetIds: [subnetId] }, abortable(signal))
    const subnet = Subnets?.[0]
    if (subnet?.VpcId) {
      return {
        vpcId: subnet.VpcId,
        subnetId,
        ...(subnet.AvailabilityZone ? { zone: subnet.AvailabilityZone } : {}),
        ...(subnet.AvailableIpAddressCount === undefined ? {} : { freeAddresses: subnet.AvailableIpAddressCount }),
        mapsPublicIps: subnet.MapPublicIpOnLaunch === true,
      }
    }
  } catch (error) {
    if (!isAwsError(error, 'InvalidSubnetID.NotFound', 'InvalidSubnetID.Malformed')) throw error
  }
  throw new SubnetDoesNotExist(`subnet ${subnetId} does not exist in this region`, { hint: 'check subnet_id (-N)' })
}

async function byDefaultVpc(ec2: Pick<EC2, 'describeVpcs'>, signal?: AbortSignal): Promise<NetworkPlace> {
  const { Vpcs } = await ec2.describeVpcs({ Filters: [{ Name: 'is-default', Values: ['true'] }] }, abortable(signal))
  const vpcId = Vpcs?.[0]?.VpcId
  if (vpcId) return { vpcId }
  throw new SubnetDoesNotExist('this region has no default VPC', {
    hint: 'name a subnet with subnet_id in the template or -N, or make a default VPC: aws ec2 create-default-vpc',
  })
}

/** Addresses of a VPC. */
export async function vpcCidr(
  ec2: Pick<EC2, 'describeVpcs'>,
  vpcId: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { Vpcs } = await ec2.describeVpcs({ VpcIds: [vpcId] }, abortable(signal))
  return Vpcs?.[0]?.CidrBlock
}

/** What public addresses in a subnet need, and lack: undefined when they work. Source: VPC User Guide, "Internet gateways". */
export async function missingInternet(
  ec2: Pick<EC2, 'describeInternetGateways' | 'describeRouteTables'>,
  { vpcId, subnetId }: NetworkPlace,
  signal?: AbortSignal,
): Promise<'gateway' | 'route' | undefined> {
  const inVpc = [{ Name: 'vpc-id', Values: [vpcId] }]
  const [gateways, tables] = await Promise.all([
    ec2.describeInternetGateways({ Filters: [{ Name: 'attachment.vpc-id', Values: [vpcId] }] }, abortable(signal)),
    ec2.describeRouteTables({ Filters: inVpc }, abortable(signal)),
  ])
  const ids = (gateways.InternetGateways ?? []).map(({ InternetGatewayId }) => InternetGatewayId)
  if (ids.length === 0) return 'gateway'
  const tableWith = (matches: (association: { SubnetId?: string; Main?: boolean }) => boolean) =>
    tables.RouteTables?.find(({ Associations }) => Associations?.some((one) => matches(one as object)))
  const table = tableWith(({ SubnetId }) => SubnetId === subnetId) ?? tableWith(({ Main }) => Main === true)
  const leads = table?.Routes?.some(
    ({ DestinationCidrBlock, GatewayId, State }) =>
      DestinationCidrBlock === '0.0.0.0/0' && ids.includes(GatewayId) && State !== 'blackhole',
  )
  return leads ? undefined : 'route'
}
