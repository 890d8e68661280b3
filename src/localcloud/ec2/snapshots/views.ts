import type { Snapshot, SnapshotInfo, SnapshotState } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { tagList } from '../tags/tags.js'
import type { SnapshotRecord } from './records.js'

export const progressOf = ({ state }: SnapshotRecord) => (state === 'completed' ? '100%' : '0%')

export function snapshotInfo(cloud: Cloud, snapshot: SnapshotRecord): SnapshotInfo {
  return {
    SnapshotId: snapshot.id,
    VolumeId: snapshot.volumeId,
    VolumeSize: snapshot.size,
    Description: snapshot.description,
    State: snapshot.state as SnapshotState,
    Progress: progressOf(snapshot),
    StartTime: new Date(snapshot.startedAt),
    Encrypted: snapshot.encrypted,
    OwnerId: cloud.accountId,
    Tags: tagList(cloud.state.ec2, snapshot.id),
  }
}

export function describeSnapshot(cloud: Cloud, snapshot: SnapshotRecord): Snapshot {
  return {
    ...snapshotInfo(cloud, snapshot),
    StateMessage: snapshot.stateMessage,
    CompletionTime: snapshot.completedAt === undefined ? undefined : new Date(snapshot.completedAt),
    StorageTier: 'standard',
  }
}
