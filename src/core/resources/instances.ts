import type { Instance } from '@aws-sdk/client-ec2'
import { consoleOutput, describeInstances, livingStates } from '../aws/instances.js'
import { tagsByKey } from '../aws/pages.js'
import { tagOfGroup } from '../cluster/tag.js'
import { aliasAt } from '../node/aliases.js'
import { InstanceDoesNotExist } from '../node/errors.js'
import { aliasesTagKey } from '../node/instance-view.js'
import type { Asking, ResourceDeps } from './deps.js'
import { others } from './errors.js'

/** An instance of the region, of a cluster or not. */
export interface InstanceListing {
  readonly id: string
  readonly state: string
  /** Why it is in this state, when EC2 says so. */
  readonly stateReason?: string | undefined
  readonly type?: string | undefined
  /** Tag of the cluster it is a node of. */
  readonly cluster?: string | undefined
  readonly alias?: string | undefined
  readonly publicDnsName?: string | undefined
  readonly privateDnsName?: string | undefined
  readonly publicIp?: string | undefined
  readonly privateIp?: string | undefined
  readonly zone?: string | undefined
  readonly vpcId?: string | undefined
  readonly subnetId?: string | undefined
  readonly imageId?: string | undefined
  readonly architecture?: string | undefined
  readonly virtualization?: string | undefined
  /** Names of security groups. */
  readonly groups: readonly string[]
  readonly keyname?: string | undefined
  readonly launchTime?: Date | undefined
  readonly spotRequestId?: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** All instances of the region, oldest first. @param terminated those too that are only listed for a while */
export async function listInstances(
  { aws }: Pick<ResourceDeps, 'aws'>,
  { terminated = false, signal }: Asking & { readonly terminated?: boolean } = {},
): Promise<InstanceListing[]> {
  const filters = terminated ? [] : [{ Name: 'instance-state-name', Values: [...livingStates] }]
  const instances = await describeInstances(aws.ec2, filters, signal)
  const at = ({ LaunchTime, AmiLaunchIndex = 0 }: Instance) => (LaunchTime?.getTime() ?? 0) + AmiLaunchIndex / 1e6
  return instances.sort((a, b) => at(a) - at(b)).map(instanceListing)
}

function instanceListing(instance: Instance): InstanceListing {
  const groups = (instance.SecurityGroups ?? []).map(({ GroupName = '' }) => GroupName)
  const tags = tagsByKey(instance.Tags)
  return {
    id: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'pending',
    stateReason: instance.StateReason?.Message,
    type: instance.InstanceType,
    cluster: groups.map(tagOfGroup).find((tag) => tag !== undefined),
    alias: aliasAt(tags[aliasesTagKey], instance.AmiLaunchIndex),
    publicDnsName: instance.PublicDnsName || undefined,
    privateDnsName: instance.PrivateDnsName || undefined,
    publicIp: instance.PublicIpAddress,
    privateIp: instance.PrivateIpAddress,
    zone: instance.Placement?.AvailabilityZone,
    vpcId: instance.VpcId,
    subnetId: instance.SubnetId,
    imageId: instance.ImageId,
    architecture: instance.Architecture,
    virtualization: instance.VirtualizationType,
    groups,
    keyname: instance.KeyName,
    launchTime: instance.LaunchTime,
    spotRequestId: instance.SpotInstanceRequestId || undefined,
    tags,
  }
}

/** An instance by id, DNS name or address. @throws InstanceDoesNotExist naming the nearest */
export async function findInstance(
  deps: Pick<ResourceDeps, 'aws'>,
  wanted: string,
  { signal }: Asking = {},
): Promise<InstanceListing> {
  const all = await listInstances(deps, { terminated: true, signal })
  const found = all.find(({ id, publicDnsName, privateDnsName, publicIp, privateIp }) =>
    [id, publicDnsName, privateDnsName, publicIp, privateIp].includes(wanted),
  )
  if (found) return found
  const { near, list } = others(
    wanted,
    all.map(({ id }) => id),
  )
  throw new InstanceDoesNotExist(`instance ${wanted} does not exist in region ${deps.aws.region.name}${near}`, {
    hint: list === '' ? 'there are no instances in this region' : `there are: ${list}`,
  })
}

/** What an instance wrote to its console; empty when there is nothing yet. @throws InstanceDoesNotExist */
export async function showConsole(
  deps: Pick<ResourceDeps, 'aws'>,
  wanted: string,
  { signal }: Asking = {},
): Promise<string> {
  const { id } = await findInstance(deps, wanted, { signal })
  return consoleOutput(deps.aws.ec2, id, signal)
}
