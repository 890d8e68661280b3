/** What a back end may be without. A test of it is then skipped, which the report says. */
export interface Abilities {
  /** A node cannot take more memory than its type has. */
  readonly memory: boolean
  /** A node's disk has a size of its own. */
  readonly disk: boolean
}
