import { abortable } from '../aws/caller-identity.js'
import { inParts } from '../aws/instances.js'
import { defaultGroupOf } from '../aws/security-groups.js'
import { aliasesTagKey, clusterTagKey } from '../node/instance-view.js'
import type { Node } from '../node/node.js'
import { runScript } from '../node/scripts/run-script.js'
import { leaveStep } from '../node/scripts/steps.js'
import { onEach } from '../ssh/fan-out.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'

/**
 * Takes nodes out of their cluster that go on running: nothing on them speaks of it any more, they leave its group for the
 * default one of their VPC, and lose its tags. The group is what makes them part of it: killed before, they still are.
 */
export async function keepNodes(
  deps: ClusterDeps,
  cluster: Cluster,
  vpcId: string,
  nodes: readonly Node[],
  signal?: AbortSignal,
): Promise<void> {
  const { ec2 } = deps.aws
  await forgetCluster(deps, cluster, nodes, signal)
  const group = await defaultGroupOf(ec2, vpcId, signal)
  for (const { id } of nodes) {
    await ec2.modifyInstanceAttribute({ InstanceId: id, Groups: [group] }, abortable(signal))
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

/** What is mounted from the master would hang, and the others have no business there any more. */
async function forgetCluster(
  { log }: ClusterDeps,
  cluster: Cluster,
  nodes: readonly Node[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const paths = ['/home', ...cluster.volumes.map(({ mountPath }) => mountPath)]
  const running = nodes.filter((node) => node.isRunning())
  await onEach(
    running,
    async (node) => {
      try {
        await runScript(
          node.ssh,
          [leaveStep({ alias: node.alias, privateIp: node.privateIpAddress }, [...new Set(paths)])],
          { signal },
        )
      } catch (error) {
        if (signal?.aborted) throw error
        log.warn(`${node.alias}: what it has of the cluster stays: ${error instanceof Error ? error.message : error}`)
      }
    },
    { signal },
  )
}
