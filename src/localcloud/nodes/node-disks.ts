/** A named point of a node's disk. */
export interface DiskSnapshot {
  readonly name: string
  /** ISO date. */
  readonly created: string
}

/** How an import is followed and ended. */
export interface ImportOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((line: string) => void) | undefined
}

export interface ImportedLayer {
  /** Its id for `NodeSpec.layers`; no other layer is needed below it. */
  readonly layer: string
  /** From its os-release: `Debian GNU/Linux 12 (bookworm)`. */
  readonly distribution: string
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
  /**
   * Makes a layer that stands alone of a tar file with a root file system, plain or compressed.
   * @param layer name for it, unique in this home
   * @throws LocalCloudError ImportFailed, NotARootFileSystem, OtherArchitecture, ProgramsMissing; nothing is left then
   */
  importTar(file: string, layer: string, options?: ImportOptions): Promise<ImportedLayer>
  /** Ids of the layers made by `capture` and `importTar` in this home. */
  layers(): Promise<string[]>
  removeLayer(id: string): Promise<void>
  /** Which layers images of this home stand on, besides its own: nobody deletes them, also not for another home. */
  keep(layers: readonly string[]): Promise<void>
}
