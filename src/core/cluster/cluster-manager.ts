import { inspect } from 'node:util'
import type { ClusterChanges } from '../changes/cluster-changes.js'
import type { ConfigError } from '../config/index.js'
import type { DoctorCheck } from '../doctor/check.js'
import { examination } from '../doctor/examination.js'
import type { Leftover } from '../leftovers/leftover.js'
import type { SshTarget, SshTargetOptions } from '../node/login.js'
import type { Node } from '../node/node.js'
import { currentSignal } from '../node/run-signal.js'
import { type Rehearsal, type RehearsalOptions, rehearse } from '../rehearsal/rehearse.js'
import type { Command } from '../ssh/quote.js'
import { type AddNodesOptions, addNodes } from './add-nodes.js'
import { addressHint } from './address-hint.js'
import type { Cluster } from './cluster.js'
import { type CopyOptions, getFromNodes, putToNodes } from './copy.js'
import type { CopyProgress } from './copy-totals.js'
import type { ClusterDeps } from './deps.js'
import { clusterOf, findGroup, findGroups } from './discover.js'
import { type ExecOptions, execOnNodes, type NodeOutcome } from './exec.js'
import { findInstance } from './find-instance.js'
import { findLeftovers, type GcOptions, removeFound } from './gc.js'
import type { Lifetime } from './lifetime-text.js'
import { type ClusterListing, type ListOptions, listClusters } from './listing.js'
import { NodePool } from './node-pool.js'
import { ParallelView } from './parallel-view.js'
import { previewStart, type StartPreview } from './preview.js'
import { type ProtectOptions, protectCluster } from './protection.js'
import { type RemoveNodesOptions, removeNodes } from './remove-nodes.js'
import { type RestartOptions, restartCluster } from './restart.js'
import { type RunPluginOptions, runPlugins } from './run-plugin.js'
import { type SetTtlOptions, setTtl } from './set-ttl.js'
import { type SnakeCase, withSnakeCase } from './snake-case.js'
import {
  type ClusterSnapshot,
  forgetSnapshot,
  listSnapshots,
  rollbackCluster,
  type SnapshotOptions,
  snapshotCluster,
} from './snapshots.js'
import { type SshConfig, type SshConfigOptions, sshConfig } from './ssh-config.js'
import { startCluster } from './start.js'
import type { StartOptions } from './start-options.js'
import { type StopOptions, stopCluster } from './stop.js'
import { type TerminateOptions, terminateCluster } from './terminate.js'
import { planTermination, type TerminatePlan } from './terminate-plan.js'
import { type WatchPluginOptions, watchPlugin } from './watch-plugin.js'

/** Finds clusters and passes on what is to be done with them; each act is a file of its own beside this one. */
export class ClusterManager {
  private readonly pool: NodePool

  constructor(private readonly deps: ClusterDeps) {
    this.pool = new NodePool(deps)
    withSnakeCase(this, ClusterManager.prototype)
  }

  /** @throws ClusterDoesNotExist naming the nearest */
  async getCluster(tag: string): Promise<Cluster> {
    return clusterOf(this.deps, this.pool, await findGroup(this.deps, tag))
  }
  async getClusterOrNone(tag: string): Promise<Cluster | undefined> {
    const group = (await findGroups(this.deps, [tag])).get(tag)
    return group && clusterOf(this.deps, this.pool, group)
  }
  /** All clusters of the region, by tag. */
  async getClusters(): Promise<Cluster[]> {
    return [...(await findGroups(this.deps)).values()].map((group) => clusterOf(this.deps, this.pool, group))
  }
  async clusterExists(tag: string): Promise<boolean> {
    return (await findGroups(this.deps, [tag])).has(tag)
  }
  /** Clusters with their nodes, as data. */
  async listClusters(options?: ListOptions): Promise<ClusterListing[]> {
    return listClusters(this.deps, this.pool, interruptible(options))
  }

  /** Tries, one by one, what a start needs; changes nothing. @param problems what was refused when the config was read */
  examine(problems: readonly ConfigError[] = [], options?: { signal?: AbortSignal }): AsyncGenerator<DoctorCheck> {
    return examination({ ...this.deps, pool: this.pool, problems }, interruptible(options))
  }

  async startCluster(tag: string, options?: StartOptions): Promise<Cluster> {
    return startCluster(this.deps, this.pool, tag, interruptible(options))
  }
  /** What a start would make; changes nothing. @throws what is wrong with the settings */
  async previewStart(tag: string, options?: StartOptions): Promise<StartPreview> {
    return previewStart(this.deps, this.pool, tag, interruptible(options))
  }
  async stopCluster(tag: string, options?: StopOptions): Promise<void> {
    await stopCluster(this.deps, this.pool, tag, interruptible(options))
  }
  async restartCluster(tag: string, options?: RestartOptions): Promise<void> {
    await restartCluster(this.deps, this.pool, tag, interruptible(options))
  }
  async terminateCluster(tag: string, options?: TerminateOptions): Promise<void> {
    await terminateCluster(this.deps, this.pool, tag, interruptible(options))
  }
  /** Gives a cluster so many seconds from now on, or lifts its end. What it has now: `(await getCluster(tag)).ends`. */
  async setTtl(tag: string, seconds: number | undefined, options?: SetTtlOptions): Promise<Lifetime> {
    return setTtl(this.deps, this.pool, tag, seconds, interruptible(options))
  }
  /** Refuses from now on to terminate a cluster or nodes of it; `on: false` lifts that. */
  async protectCluster(tag: string, options?: ProtectOptions): Promise<void> {
    await protectCluster(this.deps, this.pool, tag, interruptible(options))
  }
  /** What clusters that are gone have left in the region and on this computer. */
  async findLeftovers(options?: GcOptions): Promise<Leftover[]> {
    return findLeftovers(this.deps, interruptible(options))
  }
  async removeLeftovers(leftovers: readonly Leftover[], options?: GcOptions): Promise<void> {
    await removeFound(this.deps, leftovers, interruptible(options))
  }
  /** What to do when a cluster's nodes cannot be reached because it does not let this computer in; else undefined. */
  async addressHint(tag: string): Promise<string | undefined> {
    return addressHint(this.deps, tag)
  }
  /** What `terminateCluster` would delete and what it would leave. */
  async planTermination(tag: string, options: { readonly signal?: AbortSignal } = {}): Promise<TerminatePlan> {
    return planTermination(await this.getCluster(tag), interruptible(options).signal)
  }
  /** The running nodes of a cluster, to be worked on together. */
  async getView(tag: string): Promise<ParallelView> {
    return new ParallelView(await (await this.getCluster(tag)).getRunningNodes())
  }
  /** Adds nodes to a running cluster. @returns the new nodes */
  async addNodes(tag: string, options?: AddNodesOptions): Promise<Node[]> {
    return addNodes(this.deps, this.pool, tag, interruptible(options))
  }
  /** One more node, of this name or the next free one. */
  async addNode(tag: string, alias?: string, options?: AddNodesOptions): Promise<Node | undefined> {
    return (await this.addNodes(tag, { ...options, ...(alias === undefined ? {} : { aliases: [alias] }) }))[0]
  }
  /** Removes workers: these, or the last ones. */
  async removeNodes(tag: string, options?: RemoveNodesOptions): Promise<void> {
    await removeNodes(this.deps, this.pool, tag, interruptible(options))
  }
  async removeNode(tag: string, alias: string, options?: RemoveNodesOptions): Promise<void> {
    await this.removeNodes(tag, { ...options, aliases: [alias] })
  }
  /** Runs a plugin of the config, as it is on disk now, on a running cluster. @returns what changed, when asked for */
  async runPlugin(name: string, tag: string, options?: RunPluginOptions): Promise<ClusterChanges | undefined> {
    return this.runPlugins([name], tag, options)
  }
  /** The same for several, one after the other; hooks that tear down from the last to the first. */
  async runPlugins(
    names: readonly string[],
    tag: string,
    options?: RunPluginOptions,
  ): Promise<ClusterChanges | undefined> {
    return runPlugins(this.deps, this.pool, names, tag, interruptible(options))
  }

  /** Runs a plugin again each time it is saved, until `signal` is aborted. */
  async watchPlugin(name: string, tag: string, options?: WatchPluginOptions): Promise<void> {
    await watchPlugin(this.deps, this.pool, name, tag, interruptible(options))
  }

  /** Takes a plugin through the whole life of a cluster made for it. */
  async testPlugin(name: string, options?: RehearsalOptions): Promise<Rehearsal> {
    return rehearse(this.deps, this.pool, name, interruptible(options))
  }

  /** Gives the present state of all disks of a cluster a name; its machines restart. @throws SnapshotsUnavailable on AWS */
  async snapshot(tag: string, name?: string, options?: SnapshotOptions): Promise<ClusterSnapshot> {
    return snapshotCluster(this.deps, this.pool, tag, name, interruptible(options))
  }
  /** Puts all disks of a cluster back to a named state, the newest by default; its machines restart. */
  async rollback(tag: string, name?: string, options?: SnapshotOptions): Promise<ClusterSnapshot> {
    return rollbackCluster(this.deps, this.pool, tag, name, interruptible(options))
  }
  /** The named states of a cluster, oldest first. */
  async listSnapshots(tag: string, options?: SnapshotOptions): Promise<ClusterSnapshot[]> {
    return listSnapshots(this.deps, this.pool, tag, interruptible(options))
  }
  /** Forgets a named state; the disks stay as they are. */
  async forgetSnapshot(tag: string, name: string, options?: SnapshotOptions): Promise<void> {
    await forgetSnapshot(this.deps, this.pool, tag, name, interruptible(options))
  }

  /** Runs a command on nodes of a cluster at once. A command that fails is an outcome, not an error. */
  async exec(tag: string, command: Command, options?: ExecOptions): Promise<NodeOutcome[]> {
    return execOnNodes(await this.getCluster(tag), command, interruptible(options))
  }

  /** Copies files and directories from here to nodes, the master by default. @returns how much it was */
  async put(
    tag: string,
    local: string | readonly string[],
    remote: string,
    options?: CopyOptions,
  ): Promise<CopyProgress> {
    return putToNodes(await this.getCluster(tag), local, remote, interruptible(options))
  }
  /** Copies files and directories from nodes to here. */
  async get(
    tag: string,
    remote: string | readonly string[],
    local: string,
    options?: CopyOptions,
  ): Promise<CopyProgress> {
    return getFromNodes(await this.getCluster(tag), remote, local, interruptible(options))
  }

  /** How to log in to a node with the system's ssh. */
  async sshTarget(tag: string, node: string, options?: SshTargetOptions): Promise<SshTarget> {
    const given = interruptible(options)
    const group = await findGroup(this.deps, tag, given.signal)
    return clusterOf(this.deps, this.pool, group).sshToNode(node, given)
  }
  async sshToMaster(tag: string, options?: SshTargetOptions): Promise<SshTarget> {
    return this.sshTarget(tag, 'master', options)
  }
  async sshToNode(tag: string, node: string, options?: SshTargetOptions): Promise<SshTarget> {
    return this.sshTarget(tag, node, options)
  }

  /** How to log in to any instance of the account. */
  async instanceTarget(identifier: string, options?: SshTargetOptions): Promise<SshTarget> {
    const given = interruptible(options)
    const node = await findInstance(this.deps, this.pool, identifier, given.signal)
    return node.shell({ unknownHostKey: 'ask', ...given })
  }

  /** What the system's ssh needs to know of the running nodes of clusters, all by default, for a file it can include. */
  async sshConfig(tags: readonly string[] = [], options?: SshConfigOptions): Promise<SshConfig> {
    const clusters =
      tags.length > 0 ? await Promise.all(tags.map((tag) => this.getCluster(tag))) : await this.getClusters()
    return sshConfig(this.deps, clusters, tags.length === 0, interruptible(options))
  }

  /** Ends all ssh connections. */
  async close(): Promise<void> {
    this.pool.close()
  }
  [inspect.custom](): string {
    return `ClusterManager (region ${this.deps.region.name})`
  }
}

/** Without a signal of its own, an act ends with the task it is called from: in the shell, with Ctrl-C at its line. */
function interruptible<T extends { readonly signal?: AbortSignal | undefined }>(options?: T): T {
  const signal = options?.signal ?? currentSignal()
  return { ...options, ...(signal ? { signal } : {}) } as T
}

/** The original's spelling of the same methods: `cm.run_plugin(...)`. */
export interface ClusterManager
  extends SnakeCase<Pick<ClusterManager, 'getCluster' | 'getClusters' | 'runPlugin' | 'listClusters'>> {}
