import { abortable } from '../aws/caller-identity.js'
import type { Node } from '../node/node.js'
import { onEach } from '../ssh/fan-out.js'
import { foldNodeNames } from '../ssh/fold.js'
import { cancellable } from './cancellable.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup } from './discover.js'
import { CancelledRequest, ClusterValidationError } from './errors.js'
import { markTags, protectedTag } from './marks.js'
import type { NodePool } from './node-pool.js'

export interface ProtectOptions {
  /** false lifts the protection. Default true. */
  readonly on?: boolean
  readonly signal?: AbortSignal
}

/**
 * Protects a cluster from being terminated, by us or by anybody, or lifts that. Interrupted on the way, it is protected.
 * @throws ClusterValidationError for a cluster that deletes itself at its end: EC2 protects from no shutdown from inside
 */
export async function protectCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  { on = true, signal }: ProtectOptions = {},
): Promise<void> {
  const doing = on ? `protecting cluster ${tag}` : `lifting the protection of cluster ${tag}`
  await cancellable(
    signal,
    async (progress) => {
      progress(`looking for cluster ${tag}`)
      const cluster = clusterOf(deps, pool, await findGroup(deps, tag, signal))
      if (on && cluster.record.launch?.ttlAction === 'terminate') {
        throw new ClusterValidationError(
          `cluster ${tag} cannot be protected: it was started with ttl_action = terminate, so its nodes can delete themselves`,
          { hint: 'start one with ttl_action = stop' },
        )
      }
      progress(doing)
      const { ec2 } = deps.aws
      const Resources = [cluster.groupId]
      if (on) await ec2.createTags({ Resources, Tags: markTags({ isProtected: true }) }, abortable(signal))
      await protectNodes(deps, await cluster.getNodes({ signal }), on, signal)
      if (!on) await ec2.deleteTags({ Resources, Tags: [{ Key: protectedTag }] }, abortable(signal))
      cluster.marks = { ...cluster.marks, isProtected: on }
    },
    (step, cause) => new CancelledRequest(`${doing} (${step})`, cause),
  )
}

/** Source: EC2 User Guide, "Change instance termination protection": spot instances cannot have it. */
export async function protectNodes(
  { aws, log }: Pick<ClusterDeps, 'aws' | 'log'>,
  nodes: readonly Node[],
  on: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stay = nodes.filter(({ state }) => state !== 'shutting-down')
  const spot = stay.filter((node) => node.isSpot())
  if (on && spot.length > 0)
    log.warn(`EC2 does not protect spot instances: ${foldNodeNames(spot.map(({ alias }) => alias))}`)
  const protect = ({ id }: Node) =>
    aws.ec2.modifyInstanceAttribute({ InstanceId: id, DisableApiTermination: { Value: on } }, abortable(signal))
  const onDemand = stay.filter((node) => !node.isSpot())
  await onEach(onDemand, protect, { signal })
}
