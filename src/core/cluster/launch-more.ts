import type { Instance } from '@aws-sdk/client-ec2'
import { tagOf } from '../aws/instances.js'
import { aliasAt } from '../node/aliases.js'
import { aliasesTagKey } from '../node/instance-view.js'
import { foldNodeNames } from '../ssh/fold.js'
import type { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { type ClusterGroup, findGroup } from './discover.js'
import { AddedElsewhere, IncompatibleCluster } from './errors.js'
import { launchNodes } from './launch.js'
import type { LaunchNotes } from './launch-notes.js'
import type { LaunchGroup } from './launch-plan.js'
import { endPending, markPending, newLaunch, type PendingLaunch, pendingLaunch } from './pending-launch.js'
import type { ClusterRecord } from './record.js'
import { planAgain, planWorkers } from './start-plan.js'
import { validatePlan } from './validate.js'

interface LaunchMore {
  /** Zone of the nodes that are there. */
  readonly zone?: string | undefined
  /** Private key of the cluster, where it is not as the config says. */
  readonly keyLocation?: string | undefined
  /** The cluster as it was when the names were chosen: who has written down the same ones since then is left to it. */
  readonly chosenIn?: ClusterGroup | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Launches nodes of a cluster that has some, as it was started, and writes that down before. A launch that was written
 * down is not repeated: what it made is what this returns.
 *
 * @returns their instance ids
 * @throws AddedElsewhere; as `validatePlan` and `launchNodes`; a launch that EC2 refused is no longer written down then
 */
export async function launchMore(
  deps: ClusterDeps,
  cluster: Cluster,
  pending: PendingLaunch,
  { zone, keyLocation, chosenIn, signal }: LaunchMore,
): Promise<string[]> {
  const { record, tag, groupId } = cluster
  const { aliases, launchId } = pending
  const again = planAgain(deps, tag, record, keyLocation)
  if (!again) throw new IncompatibleCluster(tag, 'it does not say what its nodes were launched with')
  const wanted = pending.zone ?? zone
  const plan = {
    ...again,
    record: { ...record, ...(wanted ? { zone: wanted } : {}), ...onSpot(record, pending) },
    groups: overridden(planWorkers(tag, record, aliases), pending),
    launchId,
    marks: { isProtected: pending.isProtected ?? false },
    ...(pending.notes ? { notes: pending.notes } : {}),
  }
  await deps.region.prepareLaunch?.(signal)
  const checked = await validatePlan(deps, plan, { keyIsThere: true, joins: true, signal })
  deps.log.info(`Launching ${foldNodeNames(aliases)}...`)
  if (chosenIn) await refuseOthers(deps, chosenIn, pending, signal)
  await markPending(deps, groupId, pending, signal)
  // Two at once: the last mark counts.
  if (chosenIn) await refuseOthers(deps, chosenIn, pending, signal)
  let instances: Instance[]
  try {
    const note = (notes: LaunchNotes) => markPending(deps, groupId, { ...pending, notes }, signal)
    instances = await launchNodes(deps, checked, groupId, note, signal)
  } catch (error) {
    if (!signal?.aborted) await endPending(deps, groupId)
    throw error
  }
  const ended = instances.filter(hasEnded)
  const ids = instances.filter((one) => !hasEnded(one)).map(({ InstanceId }) => InstanceId ?? '')
  if (ended.length === 0) return ids
  // Launched by the interrupted command, and terminated since.
  const missing = newLaunch(
    cluster,
    ended.flatMap((one) => aliasOf(one) ?? []),
    pending,
  )
  return [...ids, ...(await launchMore(deps, cluster, missing, { zone, keyLocation, signal }))]
}

function onSpot({ launch }: ClusterRecord, { spotPrice }: PendingLaunch): Pick<ClusterRecord, 'launch'> {
  return spotPrice === undefined ? {} : { launch: { ...launch, spot: { maxPrice: spotPrice } } }
}

async function refuseOthers(
  deps: ClusterDeps,
  before: ClusterGroup,
  { launchId, aliases }: PendingLaunch,
  signal: AbortSignal | undefined,
): Promise<void> {
  const now = pendingLaunch(await findGroup(deps, before.tag, signal))
  if (!now || now.launchId === launchId || now.launchId === pendingLaunch(before)?.launchId) return
  const both = now.aliases.filter((alias) => aliases.includes(alias))
  if (both.length > 0) throw new AddedElsewhere(before.tag, foldNodeNames(both))
}

const hasEnded = ({ State }: Instance) => State?.Name === 'shutting-down' || State?.Name === 'terminated'
const aliasOf = (instance: Instance) => aliasAt(tagOf(instance, aliasesTagKey), instance.AmiLaunchIndex)

function overridden(
  groups: readonly LaunchGroup[],
  { instanceType, imageId }: Pick<PendingLaunch, 'instanceType' | 'imageId'>,
): LaunchGroup[] {
  const merged = new Map<string, LaunchGroup>()
  for (const group of groups) {
    const one = { ...group, instanceType: instanceType ?? group.instanceType, imageId: imageId ?? group.imageId }
    const key = `${one.instanceType} ${one.imageId}`
    merged.set(key, { ...one, aliases: [...(merged.get(key)?.aliases ?? []), ...group.aliases] })
  }
  return [...merged.values()]
}
