import { AwsError } from '../../protocol/aws-error.js'
import { lookUp, own } from '../resource-ids.js'
import type { Ec2State } from '../state.js'
import { unsupported } from '../unsupported.js'
import type { SnapshotRecord } from './records.js'

/** A snapshot that is being deleted is gone already. */
export function snapshotById(state: Ec2State, id: string): SnapshotRecord | undefined {
  const snapshot = own(state.snapshots, id)
  return snapshot?.state === 'deleting' ? undefined : snapshot
}

/** @throws AwsError InvalidParameterValue, InvalidSnapshot.NotFound */
export function requireSnapshots(state: Ec2State, ids: readonly string[]): SnapshotRecord[] {
  return lookUp('snapshot', ids, (id) => snapshotById(state, id))
}

/** One a volume can be made from. @throws AwsError IncorrectState, UnsupportedOperation for one of a root volume */
export function usableSnapshot(state: Ec2State, id: string): SnapshotRecord {
  const [snapshot] = requireSnapshots(state, [id]) as [SnapshotRecord]
  if (snapshot.state !== 'completed') {
    throw new AwsError('IncorrectState', `Snapshot is in invalid state - ${snapshot.state}`)
  }
  if (snapshot.content !== undefined) return snapshot
  throw unsupported(`volumes made from a root volume's snapshot (${id}): register an image of it and start an instance`)
}

/** What a volume's record says of the snapshot it is made from. */
export function snapshotContent(snapshot: SnapshotRecord | undefined): { snapshotId?: string; source?: string } {
  if (snapshot?.content === undefined) return {}
  return { snapshotId: snapshot.id, source: snapshot.content }
}
