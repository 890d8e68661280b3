import type { EC2 } from '@aws-sdk/client-ec2'
import { isAwsError } from '../aws/errors.js'
import { findNetwork, missingInternet, type NetworkPlace } from '../aws/network.js'
import { ClusterValidationError, InvalidZone } from './errors.js'
import { everything } from './problems.js'
import type { StartPlan } from './start-plan.js'

/** The place of a cluster, when its nodes can be launched and reached there. @throws SubnetDoesNotExist, InvalidZone, ClusterValidationError */
export async function checkNetwork(ec2: EC2, plan: StartPlan, signal?: AbortSignal): Promise<NetworkPlace> {
  const { subnetId } = plan.record
  const [network] = await everything([findNetwork(ec2, subnetId, signal), checkPrivateWithoutSubnet(plan)])
  await everything([zoneProblem(plan, network), checkRoom(plan, network), checkInternet(ec2, plan, network, signal)])
  return network
}

/** Whether the nodes get public addresses, as the settings and the subnet say. */
export function hasPublicIps({ record }: Pick<StartPlan, 'record'>, network: NetworkPlace): boolean {
  return record.publicIps ?? network.mapsPublicIps ?? true
}

async function checkPrivateWithoutSubnet({ record }: StartPlan): Promise<void> {
  if (record.publicIps !== false || record.subnetId !== undefined) return
  throw new ClusterValidationError('public_ips = false needs a subnet', {
    hint: 'name one with subnet_id (-N), or take public_ips out',
  })
}

const zoneProblem = async (plan: StartPlan, network: NetworkPlace) => checkSubnetZone(plan, network)

/** @throws InvalidZone when a subnet is elsewhere than the nodes are to be */
export function checkSubnetZone({ record }: Pick<StartPlan, 'record'>, { subnetId, zone }: NetworkPlace): void {
  if (record.zone === undefined || zone === undefined || record.zone === zone) return
  throw new InvalidZone(`subnet ${subnetId} is in zone ${zone}, but availability_zone is ${record.zone}`, {
    hint: 'correct subnet_id (-N) or availability_zone (-a)',
  })
}

async function checkRoom({ groups }: StartPlan, { subnetId, freeAddresses }: NetworkPlace): Promise<void> {
  const wanted = groups.reduce((sum, { aliases }) => sum + aliases.length, 0)
  if (freeAddresses === undefined || wanted <= freeAddresses) return
  throw new ClusterValidationError(
    `subnet ${subnetId} has ${freeAddresses} free addresses, and ${wanted} nodes are to be launched there`,
    { hint: 'start fewer nodes (-s), or name a larger subnet with subnet_id (-N)' },
  )
}

/** Asked only when the settings say `public_ips = true` for a subnet. */
async function checkInternet(ec2: EC2, { record }: StartPlan, network: NetworkPlace, signal?: AbortSignal) {
  if (record.publicIps !== true || network.subnetId === undefined) return
  let missing: Awaited<ReturnType<typeof missingInternet>>
  try {
    missing = await missingInternet(ec2, network, signal)
  } catch (error) {
    if (isAwsError(error, 'UnauthorizedOperation')) return // not allowed to look
    throw error
  }
  if (missing === undefined) return
  const { subnetId, vpcId } = network
  const what =
    missing === 'gateway'
      ? `VPC ${vpcId} has no internet gateway`
      : `no route of subnet ${subnetId} leads 0.0.0.0/0 to the internet gateway of its VPC`
  throw new ClusterValidationError(`public_ips is true, but ${what}: the nodes could not be reached`, {
    hint: 'add it (aws ec2 create-internet-gateway, create-route), or set public_ips = false and ssh_proxy',
  })
}
