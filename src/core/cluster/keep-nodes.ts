import { abortable } from '../aws/caller-identity.js'
import { inParts } from '../aws/instances.js'
import { defaultGroupOf } from '../aws/security-groups.js'
import { aliasesTagKey, clusterTagKey } from '../node/instance-view.js'
import type { Node } from '../node/node.js'
import { lifetimeProgramPath } from '../node/scripts/lifetime-program.js'
import { noLifetimeStep } from '../node/scripts/lifetime-step.js'
import { runScript } from '../node/scripts/run-script.js'
import { leaveStep } from '../node/scripts/steps.js'
import { onEach } from '../ssh/fan-out.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'

/**
 * Nothing on nodes that leave their cluster but go on running speaks of it any more, and nothing ends them with it. What is
 * mounted from the master would hang, and the others have no business there.
 */
export async function forgetCluster(
  { log }: Pick<ClusterDeps, 'log'>,
  cluster: Cluster,
  nodes: readonly Node[],
  signal?: AbortSignal,
): Promise<void> {
  const { lifetime } = cluster.marks
  const mayEnd = lifetime?.seconds !== undefined
  const paths = [...new Set(['/home', ...cluster.volumes.map(({ mountPath }) => mountPath)])]
  const tell = async (node: Node) => {
    const leave = leaveStep({ alias: node.alias, privateIp: node.privateIpAddress }, paths)
    try {
      // Its end first: it counts most.
      await runScript(node.ssh, [...(lifetime ? [noLifetimeStep()] : []), leave], { signal })
    } catch (error) {
      if (signal?.aborted) throw error
      log.warn(`${node.alias}: what it has of the cluster stays: ${error instanceof Error ? error.message : error}`)
      if (mayEnd) tellStillEnds(log, node)
    }
  }
  for (const node of nodes) if (mayEnd && !node.isRunning()) tellStillEnds(log, node)
  await onEach(
    nodes.filter((node) => node.isRunning()),
    tell,
    { signal },
  )
}

function tellStillEnds(log: ClusterDeps['log'], node: Node): void {
  log.warn(
    `${node.alias} (${node.id}) could not be told that the ttl of its cluster is no longer its own: as root on it, "${lifetimeProgramPath} off" keeps it from ${node.isSpot() ? 'ending for good, with its disk' : 'shutting itself down'}`,
  )
}

/**
 * Takes nodes out of their cluster that go on running: they leave its group for the default one of their VPC, and lose its
 * tags. The group is what makes them part of it: killed before, they still are.
 */
export async function keepNodes(
  deps: ClusterDeps,
  cluster: Cluster,
  vpcId: string,
  nodes: readonly Node[],
  signal?: AbortSignal,
): Promise<void> {
  const { ec2 } = deps.aws
  if (cluster.record.launch?.ttlAction === 'terminate') await outliveShutdown(deps, nodes, signal)
  const group = await defaultGroupOf(ec2, vpcId, signal)
  for (const { id, instance } of nodes) {
    // Groups that somebody gave it besides stay.
    const own = (instance.SecurityGroups ?? []).flatMap(({ GroupId = '' }) =>
      GroupId === cluster.groupId ? [] : GroupId,
    )
    await ec2.modifyInstanceAttribute({ InstanceId: id, Groups: [...new Set([group, ...own])] }, abortable(signal))
  }
  const Tags = [{ Key: clusterTagKey }, { Key: aliasesTagKey }, { Key: 'Name', Value: cluster.tag }]
  const resources = nodes.flatMap(({ id, spotId, instance }) => [
    id,
    ...(spotId === undefined ? [] : [spotId]),
    ...(instance.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.VolumeId ?? []),
  ])
  for (const Resources of inParts(resources, 500)) await ec2.deleteTags({ Resources, Tags }, abortable(signal))
  const maxPrice = cluster.record.launch?.spot?.maxPrice
  for (const node of nodes) {
    const market = node.isSpot() ? `as a spot instance${maxPrice ? `, at most $${maxPrice} an hour` : ''}` : 'on demand'
    deps.log.info(
      `${node.alias} is instance ${node.id} now and goes on as it was, ${node.state}: it costs what a ${node.instanceType} costs ${market} until you terminate it; security group ${group} of its VPC lets nobody in from outside`,
    )
  }
}

/** That a shutdown deletes them was for the end of their cluster. A spot instance ends by any. */
async function outliveShutdown(
  { aws }: Pick<ClusterDeps, 'aws'>,
  nodes: readonly Node[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const node of nodes.filter((one) => !one.isSpot())) {
    const stops = { InstanceId: node.id, InstanceInitiatedShutdownBehavior: { Value: 'stop' } }
    await aws.ec2.modifyInstanceAttribute(stops, abortable(signal))
  }
}
