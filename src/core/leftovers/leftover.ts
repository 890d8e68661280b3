/** Kinds in the order in which they are removed: what others depend on last. */
export const leftoverKinds = ['spot request', 'placement group', 'security group', 'key pair', 'file'] as const

/**
 * Something StarCluster made for a cluster that is gone. Never an instance, a volume or a snapshot: the instances of a cluster
 * keep its group alive, and a volume or a copy of one that outlived its cluster was kept by somebody.
 */
export interface Leftover {
  readonly kind: (typeof leftoverKinds)[number]
  /** Id on AWS; name of a placement group or a key pair; path of a file. */
  readonly id: string
  /** The cluster it was made for, where that is known. */
  readonly cluster?: string
  /** Why it is taken for one. */
  readonly why: string
}
