/** Kinds in the order in which they are removed: what others depend on last. */
export const leftoverKinds = [
  'instance',
  'spot request',
  'volume',
  'snapshot',
  'placement group',
  'security group',
  'file',
] as const

/** Something StarCluster made for a cluster that is gone. */
export interface Leftover {
  readonly kind: (typeof leftoverKinds)[number]
  /** Id on AWS; a placement group's name; path of a file. */
  readonly id: string
  /** The cluster it was made for, where that is known. */
  readonly cluster?: string
  /** Why it is taken for one. */
  readonly why: string
}
