/** The nodes' way to what the host reaches. */
export interface Egress {
  readonly wanted: boolean
  /** False also when it is wanted and this computer cannot give it. */
  readonly works: boolean
}

/** How bad the links between nodes are; what is missing or 0 is as it should be. */
export interface Links {
  readonly lossPercent?: number
  /** Each way, for what comes from this computer too. */
  readonly delayMs?: number
}

/** What can be changed in the network of nodes while they run. */
export interface NodeNetwork {
  egress(): Promise<Egress>
  /** In force when it resolves: connections to outside end with it. Kept until `reset`, also for nodes booted later. */
  setEgress(wanted: boolean): Promise<Egress>
  /** For all nodes, those that boot later too, until it is said otherwise or the engine is closed. */
  setLinks(links: Links): Promise<void>
}
