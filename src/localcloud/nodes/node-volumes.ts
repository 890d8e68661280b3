/** Where a volume is to be seen in a node. */
export interface VolumeAttachment {
  /** Volume id; opaque, also the name of its file. */
  readonly volume: string
  /** As EC2 was told, e.g. `/dev/sdf`. The node sees it under this name, as /dev/xvdf, and by volume id. */
  readonly device: string
}

/** Block storage that outlives nodes. Data stays through detach, stop, terminate and attach elsewhere. */
export interface NodeVolumes {
  /**
   * Makes an empty volume, or one with a snapshot's content (at least as large). Idempotent for the same id.
   * @throws LocalCloudError SnapshotDoesNotExist, NoSpace
   */
  create(id: string, options: { sizeGiB: number; snapshot?: string }): Promise<void>
  /** Makes it larger, also while it is attached: the node sees the new size at once, its file system grows when asked. */
  grow(id: string, sizeGiB: number): Promise<void>
  /**
   * Idempotent. What other nodes have mounted over NFS of a volume that its own node lost is taken away from them.
   * @throws LocalCloudError VolumeInUse while it is attached to a running node
   */
  remove(id: string): Promise<void>
  /**
   * Shows it to a running node; a stopped one gets it at its next boot (`NodeSpec.volumes`). Idempotent for a node that has it.
   * @throws LocalCloudError VolumeInUse when another node has it, NoSuchVolume
   */
  attach(node: string, attachment: VolumeAttachment): Promise<void>
  /**
   * Takes it away from a node. Resolves false when the node still has it mounted (EC2's state `busy`): then nothing is
   * done, unless `force`, which takes the mount away as well. True when it was not there.
   */
  detach(node: string, volume: string, options?: { force?: boolean }): Promise<boolean>
  /** The volume's content now, under a name; the volume may be in use (as of a crash, like EBS). Idempotent once it is done. */
  snapshot(volume: string, snapshot: string): Promise<void>
  /** Idempotent. Volumes made of it keep their data. */
  removeSnapshot(snapshot: string): Promise<void>
  /** What there is, for cleaning after a crash: ids of volumes and snapshots, with bytes really used on disk. */
  list(): Promise<{ volumes: Map<string, number>; snapshots: Map<string, number> }>
}
