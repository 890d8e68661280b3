import type { Node } from '../../node/node.js'
import type { Account, Peer } from '../../node/scripts/steps.js'
import type { SetupContext, Volumes } from '../cluster-setup.js'
import type { NodeScripts } from './node-scripts.js'
import type { NodeFacts } from './survey.js'

/** What the steps of the default set-up work on. They add to `scripts`; the set-up then runs them. */
export interface SetupWork {
  /** All nodes that belong together, the master included. */
  readonly nodes: readonly Node[]
  readonly master: Node
  /** All but the master. */
  readonly workers: readonly Node[]
  /** The nodes to be set up whole; the others only learn of them. */
  readonly targets: readonly Node[]
  readonly user: string
  readonly userShell: string
  readonly volumes: Volumes
  readonly context: SetupContext
  readonly facts: ReadonlyMap<Node, NodeFacts>
  /** Ids, shell and home of the cluster user. */
  readonly account: Account
  /** The nodes as they know each other, with their host keys. */
  readonly peers: readonly Peer[]
  readonly scripts: NodeScripts
}
