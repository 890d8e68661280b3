import type { Cluster } from '../cluster/cluster.js'
import type { Logger } from '../log.js'
import type { Node } from '../node/node.js'

/** An EBS volume of the cluster: where it is attached and mounted on the master. */
export interface Volume {
  readonly volumeId: string
  readonly device: string
  readonly mountPath: string
  readonly partition?: number
  /** File system made when the volume is blank. */
  readonly format?: string
}

/** Volumes of the cluster by their name in the config. Empty when the template names none. */
export type Volumes = Readonly<Record<string, Volume>>

/** What every hook gets after its original arguments, so that hooks can grow without breaking plugins. */
export interface SetupContext {
  readonly cluster: Cluster
  /** Aborted by Ctrl-C or a deadline. Remote commands of this run stop with it by themselves. */
  readonly signal: AbortSignal
  readonly log: Logger
  /**
   * Runs `task` on many nodes at once, 20 unless `fanout` says otherwise; answers in the order of `nodes`.
   * @throws FanOutError with every failure, when all have ended. Original: `pool.simple_job`, `pool.wait`, `pool.map`.
   */
  readonly onEach: <T>(
    nodes: readonly Node[],
    task: (node: Node, index: number) => Promise<T> | T,
    options?: { readonly fanout?: number },
  ) => Promise<T[]>
}

const brand = Symbol.for('starcluster.ClusterSetup')

/** Base of every plugin. Implement `run`; override the other hooks you need; a hook left out is not called. */
export abstract class ClusterSetup {
  readonly [brand] = true

  /** Configures a started cluster; called by `start`, `restart` and `runplugin`. `nodes` includes `master`. */
  abstract run(
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> | void

  onAddNode?(
    node: Node,
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> | void

  onRemoveNode?(
    node: Node,
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> | void

  onRestart?(
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> | void

  onShutdown?(
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> | void

  /** Called by `starcluster test` whenever the plugin's work should be done; throws when it is not. */
  verify?(
    nodes: Node[],
    master: Node,
    user: string,
    userShell: string,
    volumes: Volumes,
    context: SetupContext,
  ): Promise<void> | void
}

/** True for instances of ClusterSetup, whichever copy of the class they extend. */
export function isClusterSetup(value: unknown): value is ClusterSetup {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}
