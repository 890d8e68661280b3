import { existsSync } from 'node:fs'
import type { LoadedPlugin } from '../setup/loader.js'
import { cancellable, type Progress } from './cancellable.js'
import { hasPublicIps } from './check-network.js'
import { Cluster } from './cluster.js'
import type { ClusterDeps } from './deps.js'
import { findGroups } from './discover.js'
import { CancelledStartRequest, ClusterValidationError, clusterExists } from './errors.js'
import { readJumpHost } from './jump-host.js'
import { createGroup, isLaunching, launchCluster } from './launch.js'
import { beginLifetime, tellNotCounted } from './lifetime.js'
import { readMarks } from './marks.js'
import { describeMembers } from './members.js'
import type { NodePool } from './node-pool.js'
import { everything } from './problems.js'
import { protectNodes } from './protection.js'
import { resumeCluster } from './resume.js'
import { defaultSetup, loadPlugins, runHooks } from './run-hooks.js'
import { sshSource } from './ssh-source.js'
import type { StartOptions } from './start-options.js'
import { planStart, type StartPlan } from './start-plan.js'
import { checkTag } from './tag.js'
import { removeCluster } from './terminate.js'
import { type CheckedPlan, validatePlan } from './validate.js'
import { attachVolumes } from './volumes.js'
import { waitForNewNodes } from './wait-for-new-nodes.js'

/**
 * Brings a cluster up and returns it ready to use. With `create: false` the instances exist already.
 *
 * @throws ClusterExists, ClusterValidationError, CancelledStartRequest saying how to go on, and what a plugin throws
 */
export async function startCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: StartOptions = {},
): Promise<Cluster> {
  checkTag(tag)
  const { signal } = options
  const keyFile = options.overrides?.keyLocation
  if (keyFile !== undefined) pool.useKeyFile(tag, keyFile)
  const harmless = ['beginning', 'checking the settings', 'looking for its nodes']
  const interrupted = (doing: string, cause: unknown) =>
    new CancelledStartRequest(tag, { doing, cause, launched: options.create === false || !harmless.includes(doing) })
  return cancellable(
    signal,
    (progress) => (options.create === false ? resumeCluster : createCluster)(deps, pool, tag, options, progress),
    interrupted,
  )
}

async function createCluster(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: StartOptions,
  progress: Progress,
): Promise<Cluster> {
  const { signal } = options
  progress('checking the settings')
  const { plugins, checked, sshCidr } = await checkedStart(deps, pool, tag, options)
  if (options.validateOnly) {
    deps.log.info(`All settings of cluster ${tag} are valid`)
    return new Cluster(tag, '', () => checked.record, deps, pool, checked.marks)
  }
  progress('launching the nodes')
  const { cluster, ids } = await launch(deps, pool, checked, sshCidr, options)
  if (options.createOnly) {
    tellNotCounted(deps, cluster)
    return cluster
  }
  progress('waiting for the nodes')
  deps.log.info('Waiting for the nodes to boot and to answer on ssh...')
  const nodes = await waitForNewNodes(deps, pool, cluster, ids, { others: [], signal })
  await beginLifetime(deps, cluster, nodes, signal)
  progress('attaching the volumes')
  await attachVolumes(deps, cluster.volumes, nodes[0]!, signal)
  progress('configuring the nodes')
  deps.log.info(`The master is ${nodes[0]?.dnsName}`)
  await runHooks(deps, cluster, nodes, [defaultSetup(), ...plugins], 'run', signal)
  return cluster
}

interface CheckedStart {
  readonly plugins: LoadedPlugin[]
  readonly checked: CheckedPlan
  /** Who may reach ssh; undefined: a permission says it. */
  readonly sshCidr: string | undefined
}

/** A start that would succeed as far as can be known before. Plugins are loaded: a mistake in one must not cost money. */
export async function checkedStart(
  deps: ClusterDeps,
  pool: NodePool,
  tag: string,
  options: StartOptions,
): Promise<CheckedStart> {
  checkTag(tag)
  const { signal, validateOnly } = options
  const plan = planStart(deps, tag, options.template, options.overrides ?? {})
  for (const line of plan.unsupported) deps.log.warn(line)
  if (!validateOnly) await refuseIfExists(deps, tag, signal)
  if (!validateOnly) await deps.region.prepareLaunch?.(signal)
  const validated = validatePlan(deps, plan, options)
  const access = { sshCidr: plan.record.launch?.sshCidr, permissions: plan.permissions }
  const source =
    plan.record.sshProxy === undefined
      ? sshSource(deps, access, signal)
      : validated.then(({ network }) => sshSource(deps, { ...access, insideVpc: network.vpcId }, signal))
  const [plugins, checked, sshCidr] = await everything([
    loadPlugins(deps, plan.record.plugins),
    validated,
    source,
    checkJumpHost(pool, plan, signal),
  ])
  tellIfPrivate(deps, checked)
  tellIfSpotEnds(deps, checked)
  return { plugins, checked, sshCidr }
}

/** A key that is still to be made is none that a jump host knows. @throws JumpHostUnusable, ClusterValidationError */
async function checkJumpHost(pool: NodePool, { tag, record, key }: StartPlan, signal?: AbortSignal): Promise<void> {
  // What cannot be read is among the plan's problems.
  if (record.sshProxy === undefined || key.location === '' || !readJumpHost(record.sshProxy)) return
  if (key.ours && !existsSync(key.location)) {
    const why = `ssh_proxy: key pair ${key.keyname} is made by the first start, so that no jump host can know it yet`
    throw new ClusterValidationError(why, {
      hint: 'name in keyname (-k) a key pair that opens the jump host, with a [key] section for its file',
    })
  }
  await pool.probeJumpHost(tag, record, signal)
}

function tellIfPrivate({ log }: ClusterDeps, checked: CheckedPlan): void {
  const { record, network } = checked
  if (hasPublicIps(checked, network) || record.sshProxy !== undefined) return
  log.warn(
    `the nodes get no public addresses in subnet ${network.subnetId}: they are reached only from inside the VPC, or through a jump host (ssh_proxy)`,
  )
}

/** What `ttl_action = stop` cannot do. */
function tellIfSpotEnds({ log }: ClusterDeps, { record, marks }: CheckedPlan): void {
  const { spot, ttlAction } = record.launch ?? {}
  if (!spot || ttlAction === 'terminate' || marks?.lifetime?.seconds === undefined) return
  const which = spot.master ? 'the nodes' : 'the workers'
  log.warn(
    `${which} are spot instances: at the end of the ttl they are not stopped, they end for good with their disks`,
  )
}

async function refuseIfExists(deps: ClusterDeps, tag: string, signal?: AbortSignal): Promise<void> {
  const existing = (await findGroups(deps, [tag], signal)).get(tag)
  if (existing)
    throw clusterExists(
      tag,
      (await describeMembers(deps, existing.id, signal)).map(({ State }) => State?.Name ?? ''),
      isLaunching(existing) ? undefined : readMarks(existing.group.Tags).lifetime?.ends,
    )
}

/** A launch that AWS refuses leaves nothing behind; an interrupted one may, and the message then says how to go on. */
async function launch(
  deps: ClusterDeps,
  pool: NodePool,
  plan: CheckedPlan,
  sshCidr: string | undefined,
  { signal }: StartOptions,
) {
  const { tag, record } = plan
  await plan.keyPair.carryOut()
  deps.log.info(`Launching a cluster of ${record.size} ${record.size === 1 ? 'node' : 'nodes'}...`)
  const groupId = await createGroup(deps, plan, sshCidr, signal)
  const cluster = new Cluster(tag, groupId, () => record, deps, pool, plan.marks)
  try {
    const instances = await launchCluster(deps, plan, groupId, signal)
    return { cluster, ids: instances.map(({ InstanceId }) => InstanceId ?? '') }
  } catch (error) {
    if (signal?.aborted) throw error
    deps.log.info('The launch failed: removing what was made')
    await removeUnprotected(deps, pool, cluster).catch((cause: unknown) => {
      deps.log.error(
        `cluster ${tag} may still have nodes that cost money: ${String(cause)}; run "starcluster terminate ${tag}"`,
      )
    })
    throw error
  }
}

/** A protected cluster that was never there for anybody goes like any other. */
async function removeUnprotected(deps: ClusterDeps, pool: NodePool, cluster: Cluster): Promise<void> {
  if (cluster.isProtected) await protectNodes(deps, await cluster.getNodes(), false, undefined)
  await removeCluster(deps, pool, cluster)
}
