import { createHash } from 'node:crypto'
import type { _InstanceType, EC2, Instance, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { abortable } from '../aws/caller-identity.js'
import { isAwsError } from '../aws/errors.js'
import { createSecurityGroup } from '../aws/security-groups.js'
import { foldAliases, masterAlias } from '../node/aliases.js'
import { aliasesTagKey, clusterTagKey } from '../node/instance-view.js'
import type { ClusterDeps } from './deps.js'
import { clusterExists } from './errors.js'
import { poll } from './poll.js'
import { recordTags } from './record.js'
import { groupName } from './tag.js'
import type { CheckedPlan } from './validate.js'

type Group = CheckedPlan['groups'][number]

/** Makes the security group that is the cluster. @throws ClusterExists when another program was faster */
export async function createGroup(
  deps: ClusterDeps,
  plan: CheckedPlan,
  sshCidr: string,
  signal?: AbortSignal,
): Promise<string> {
  const version = deps.version ?? '1'
  try {
    return await createSecurityGroup(
      deps.aws.ec2,
      {
        name: groupName(plan.tag),
        description: `StarCluster ${version}`,
        vpcId: plan.network.vpcId,
        tags: recordTags(plan.record, version),
        sshCidr,
        permissions: plan.permissions,
      },
      signal,
    )
  } catch (error) {
    if (isAwsError(error, 'InvalidGroup.Duplicate')) throw clusterExists(plan.tag, [])
    throw error
  }
}

/**
 * Launches all nodes: one call per (type, image), the master's group first, the others into the zone it landed in.
 * Every call launches all of its nodes or none.
 */
export async function launchNodes(
  deps: ClusterDeps,
  plan: CheckedPlan,
  groupId: string,
  signal?: AbortSignal,
): Promise<Instance[]> {
  const [first, ...others] = plan.groups
  if (!first) return []
  const masters = await runInstances(deps.aws.ec2, plan, first, groupId, plan.record.zone, signal)
  const zone = masters[0]?.Placement?.AvailabilityZone ?? plan.record.zone
  const rest = await Promise.allSettled(
    others.map((group) => runInstances(deps.aws.ec2, plan, group, groupId, zone, signal)),
  )
  const failed = rest.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return [...masters, ...rest.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))]
}

async function runInstances(
  ec2: EC2,
  plan: CheckedPlan,
  group: Group,
  groupId: string,
  zone: string | undefined,
  signal?: AbortSignal,
): Promise<Instance[]> {
  const input = request(plan, group, groupId, zone)
  const attempt = async () => {
    try {
      return (await ec2.runInstances(input, abortable(signal))).Instances ?? []
    } catch (error) {
      // What was made a moment ago is not known everywhere at once.
      if (isAwsError(error, 'InvalidGroup.NotFound', 'InvalidKeyPair.NotFound')) return undefined
      throw error
    }
  }
  return poll(`EC2 to know the security group of cluster ${plan.tag}`, attempt, {
    timeoutMs: 60_000,
    slowestMs: 5000,
    signal,
  })
}

function request(plan: CheckedPlan, group: Group, groupId: string, zone: string | undefined): RunInstancesCommandInput {
  const { record, network } = plan
  const tags = [
    { Key: clusterTagKey, Value: plan.tag },
    { Key: aliasesTagKey, Value: foldAliases(group.aliases) },
    {
      Key: 'Name',
      Value: group.aliases.length === 1 && group.aliases[0] === masterAlias() ? `${plan.tag} master` : plan.tag,
    },
  ]
  return {
    ImageId: group.launchImageId,
    InstanceType: group.instanceType as _InstanceType,
    MinCount: group.aliases.length,
    MaxCount: group.aliases.length,
    KeyName: record.keyname,
    UserData: plan.userData.toString('base64'),
    // A request that is sent again, also by a later start of the same cluster, does not launch again.
    ClientToken: createHash('sha256')
      .update(`${groupId} ${foldAliases(group.aliases)}${plan.launchId ?? ''}`)
      .digest('hex'),
    MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 },
    TagSpecifications: [{ ResourceType: 'instance', Tags: tags }],
    ...(zone === undefined ? {} : { Placement: { AvailabilityZone: zone } }),
    ...placeInNetwork(network.subnetId, groupId, record.publicIps),
  }
}

function placeInNetwork(subnetId: string | undefined, groupId: string, publicIps: boolean | undefined) {
  if (publicIps === undefined)
    return { SecurityGroupIds: [groupId], ...(subnetId === undefined ? {} : { SubnetId: subnetId }) }
  const place = subnetId === undefined ? {} : { SubnetId: subnetId }
  return { NetworkInterfaces: [{ DeviceIndex: 0, Groups: [groupId], AssociatePublicIpAddress: publicIps, ...place }] }
}
