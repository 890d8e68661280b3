import type { DeleteSnapshotRequest, DescribeSnapshotsRequest, DescribeSnapshotsResult } from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { AwsError, invalidCombination, missingParameter } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import type { Ec2State, ImageRecord } from '../state.js'
import { tagsOf } from '../tags/tags.js'
import { volumeWorkOf } from '../volumes/volume-work.js'
import { requireSnapshots } from './find.js'
import type { SnapshotRecord } from './records.js'
import { describeSnapshot, progressOf } from './views.js'

export function describeSnapshots(input: DescribeSnapshotsRequest, cloud: Cloud): DescribeSnapshotsResult {
  const { ec2 } = cloud.state
  if (input.SnapshotIds?.length && input.MaxResults !== undefined) {
    throw invalidCombination('The parameter snapshotSet cannot be used with the parameter maxResults')
  }
  const matches = filterBy<SnapshotRecord>(
    input.Filters,
    {
      'snapshot-id': ({ id }) => id,
      'volume-id': ({ volumeId }) => volumeId,
      'volume-size': ({ size }) => size,
      status: ({ state }) => state,
      progress: progressOf,
      description: ({ description }) => description,
      'start-time': ({ startedAt }) => startedAt,
      encrypted: ({ encrypted }) => encrypted,
      'owner-id': () => cloud.accountId,
      'owner-alias': () => undefined,
      'storage-tier': () => 'standard',
      'transfer-type': () => undefined,
    },
    (snapshot) => tagsOf(ec2, snapshot.id),
  )
  const all = Object.values(ec2.snapshots).filter(({ state }) => state !== 'deleting')
  const asked = input.SnapshotIds?.length ? requireSnapshots(ec2, input.SnapshotIds) : all
  endDryRun(input)
  const mine = ['self', cloud.accountId]
  const seen =
    includesOne(input.OwnerIds, mine) && includesOne(input.RestorableByUserIds, mine) ? asked.filter(matches) : []
  seen.sort((a, b) => (a.id < b.id ? -1 : 1))
  const { page, NextToken } = paginate(seen, ({ id }) => id, input)
  return { Snapshots: page.map((snapshot) => describeSnapshot(cloud, snapshot)), NextToken }
}

const includesOne = (asked: readonly string[] | undefined, known: readonly string[]) =>
  !asked?.length || asked.some((one) => known.includes(one))

/** Volumes made of it keep their data. @throws AwsError InvalidSnapshot.InUse while an AMI names it */
export function deleteSnapshot(input: DeleteSnapshotRequest, cloud: Cloud): undefined {
  const { ec2 } = cloud.state
  if (!input.SnapshotId) throw missingParameter('SnapshotId')
  const [snapshot] = requireSnapshots(ec2, [input.SnapshotId]) as [SnapshotRecord]
  const [user] = usersOf(ec2, snapshot.id)
  if (user) {
    throw new AwsError('InvalidSnapshot.InUse', `The snapshot ${snapshot.id} is currently in use by ${user.id}`)
  }
  endDryRun(input)
  dropSnapshot(cloud, snapshot)
}

/** The images that name a snapshot. */
export function usersOf(state: Ec2State, snapshot: string): ImageRecord[] {
  return Object.values(state.images).filter((image) => snapshotsOf(image).includes(snapshot))
}

/** The snapshots that an image names, that of its root volume first. */
export function snapshotsOf({ rootSnapshotId, volumes = [] }: ImageRecord): string[] {
  return [rootSnapshotId, ...volumes.map(({ ebs }) => ebs.SnapshotId)].filter((id) => id !== undefined)
}

/** Nobody sees it from now on; its content goes when nothing else needs it. */
export function dropSnapshot(cloud: Cloud, snapshot: SnapshotRecord): void {
  snapshot.state = 'deleting'
  volumeWorkOf(cloud).due(snapshot.id)
}
