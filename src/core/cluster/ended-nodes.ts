import type { Instance } from '@aws-sdk/client-ec2'
import { describeInstancesById } from '../aws/instances.js'
import type { Node } from '../node/node.js'
import type { ClusterDeps } from './deps.js'
import { NoClusterNodesFound } from './errors.js'

/**
 * An instance that was launched and is not living any more, or stopped by itself, will not run.
 * @throws NoClusterNodesFound with EC2's reasons
 */
export async function refuseEnded(
  deps: ClusterDeps,
  tag: string,
  ids: readonly string[],
  nodes: readonly Node[],
  mayBeStopped: (node: Node) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const good = (node: Node) =>
    node.state === 'pending' ||
    node.state === 'running' ||
    ((node.state === 'stopped' || node.state === 'stopping') && mayBeStopped(node))
  const living = new Set(nodes.filter(good).map(({ id }) => id))
  const missing = ids.filter((id) => !living.has(id))
  if (missing.length === 0) return
  // Not listed may also mean: launched so lately that EC2 does not list it yet.
  const ended = (await describeInstancesById(deps.aws.ec2, missing, signal)).filter(hasEnded)
  if (ended.length === 0) return
  const reasons = ended.map(({ InstanceId, StateReason }) => {
    const alias = nodes.find(({ id }) => id === InstanceId)?.alias
    return `${alias ? `${alias} ` : ''}${InstanceId}: ${StateReason?.Message ?? 'no reason given'}`
  })
  const resumable = ended.every(({ State }) => State?.Name === 'stopped' || State?.Name === 'stopping')
  throw new NoClusterNodesFound(
    `${ended.length} of ${ids.length} nodes of cluster ${tag} ended while they were started\n${reasons.join('\n')}`,
    {
      hint: resumable
        ? `go on with "starcluster start -x ${tag}", or remove it with "starcluster terminate ${tag}"`
        : nodes.some((node) => node.isMaster() && good(node))
          ? `"starcluster start -x ${tag}" goes on without ${ended.length === 1 ? 'it' : 'them'}, "starcluster addnode ${tag}" adds others`
          : `remove what is left with "starcluster terminate ${tag}", then start again`,
    },
  )
}

const hasEnded = ({ State }: Instance) => State?.Name !== 'pending' && State?.Name !== 'running'
