/** The nodes' way to what the host reaches. */
export interface Egress {
  readonly wanted: boolean
  /** False also when it is wanted and this computer cannot give it. */
  readonly works: boolean
}

/** What can be changed in the network of nodes while they run. */
export interface NodeNetwork {
  egress(): Promise<Egress>
  /** In force when it resolves: connections to outside end with it. Kept until `reset`, also for nodes booted later. */
  setEgress(wanted: boolean): Promise<Egress>
}
