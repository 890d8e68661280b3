export interface SnapshotRecord {
  readonly id: string
  readonly volumeId: string
  /** GiB of the volume. */
  readonly size: number
  readonly description: string
  readonly encrypted: boolean
  readonly startedAt: string
  completedAt?: string
  /** `deleting`: nobody sees it any more. */
  state: 'pending' | 'completed' | 'error' | 'deleting'
  stateMessage?: string
  /** The engine's name of its content, which copies share; missing for the snapshot of a root volume. */
  readonly content?: string
  /** Of a root volume: what an image of it stands on, topmost first; empty while it is pending. */
  layers?: string[]
  /** AMI it is being made for, by the one who makes that; set while it is pending. */
  forImage?: string
}
