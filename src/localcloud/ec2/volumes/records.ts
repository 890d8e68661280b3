export type VolumeState = 'creating' | 'available' | 'in-use' | 'deleting' | 'error'

export interface VolumeRecord {
  readonly id: string
  readonly zone: string
  /** GiB. */
  size: number
  type: VolumeType
  /** Told only: nothing is slowed down. */
  iops?: number
  /** MiB/s; gp3 only. */
  throughput?: number
  /** Told only: nothing is encrypted. */
  readonly encrypted: boolean
  readonly kmsKeyId?: string
  /** It was made from this snapshot, which may be gone. */
  readonly snapshotId?: string
  /** Name of the content it is made with, for the engine; set while it is `creating`. */
  source?: string
  readonly createdAt: string
  state: VolumeState
  /** Why it is in the state `error`, or could not be attached; for `local status`. */
  failure?: string
  /** Instance whose own disk this is: it has no other place, and the engine makes and removes it with that node. */
  readonly rootOf?: string
  /** What the disk stands on, of a root volume that has outlived its instance. */
  layers?: string[]
  attachment?: AttachmentRecord
  modification?: ModificationRecord
  autoEnableIo?: boolean
  /** Of the request that made it. */
  readonly clientToken?: string
  readonly fingerprint?: string
}

export type VolumeType = 'standard' | 'gp2' | 'gp3' | 'io1' | 'io2' | 'st1' | 'sc1'

export interface AttachmentRecord {
  readonly instanceId: string
  /** As the request named it. */
  readonly device: string
  readonly at: string
  /** `busy`: to be detached, but its instance still has it mounted. */
  state: 'attaching' | 'attached' | 'detaching' | 'busy'
  deleteOnTermination: boolean
  /** The detachment does not wait for the instance. */
  force?: boolean
}

export interface ModificationRecord {
  state: 'modifying' | 'completed' | 'failed'
  message?: string
  readonly from: VolumeSettings
  readonly to: VolumeSettings
  readonly startedAt: string
  endedAt?: string
}

/** What of a volume can be asked for and changed. */
export interface VolumeSettings {
  readonly size: number
  readonly type: VolumeType
  readonly iops?: number
  readonly throughput?: number
}

/** The settings of a volume without those that its type does not have. */
export function settingsOf({ size, type, iops, throughput }: VolumeSettings): VolumeSettings {
  return { size, type, ...(iops === undefined ? {} : { iops }), ...(throughput === undefined ? {} : { throughput }) }
}
