/** A named point of a node's disk. */
export interface DiskSnapshot {
  readonly name: string
  /** ISO date. */
  readonly created: string
}

/** What can be done with the disks of nodes beside running on them: named points to go back to, layers for images. */
export interface NodeDisks {
  /**
   * Names the disk's present content. The node must be stopped.
   * @throws LocalCloudError SnapshotExists, NoSuchDisk
   */
  snapshot(id: string, name: string): Promise<void>
  /**
   * Makes the disk what it was at a snapshot; what was written since is gone, other snapshots stay. The node must be
   * stopped, and so must nodes that have a directory of it mounted.
   * @throws LocalCloudError SnapshotDoesNotExist, NoSuchDisk
   */
  rollback(id: string, name: string): Promise<void>
  /** Oldest first; none for an unknown node. */
  snapshots(id: string): Promise<DiskSnapshot[]>
  /** Forgets a name; the disk stays as it is. @throws LocalCloudError SnapshotDoesNotExist */
  forget(id: string, name: string): Promise<void>
  /**
   * Copies what was written to a node's disk above its image into a layer other disks can stand on, cleaned of what is
   * only this machine's: host keys, authorised keys, machine id, logs, caches. The node may be running.
   * @param layer name for it, unique in this home
   * @returns its id for `NodeSpec.layers`
   */
  capture(id: string, layer: string): Promise<string>
  /** Ids of the layers made by `capture` in this home. */
  layers(): Promise<string[]>
  removeLayer(id: string): Promise<void>
}
