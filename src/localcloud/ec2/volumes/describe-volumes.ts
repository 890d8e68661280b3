import type {
  DescribeVolumeStatusRequest,
  DescribeVolumeStatusResult,
  DescribeVolumesRequest,
  DescribeVolumesResult,
  VolumeStatusInfoStatus,
  VolumeStatusItem,
} from '@aws-sdk/client-ec2'
import type { Cloud } from '../../cloud.js'
import { invalidCombination } from '../../protocol/aws-error.js'
import { endDryRun } from '../dry-run.js'
import { type FilterTable, filterBy } from '../filters.js'
import { paginate } from '../pagination.js'
import { tagsOf } from '../tags/tags.js'
import { zoneIdOf } from '../vpc/zones.js'
import { requireVolumes } from './find.js'
import type { VolumeRecord } from './records.js'
import { describeVolume } from './views.js'

/** Root volumes are among them. */
export function describeVolumes(input: DescribeVolumesRequest, cloud: Cloud): DescribeVolumesResult {
  const { page, NextToken } = select(input, cloud, VOLUME_FILTERS)
  return { Volumes: page.map((volume) => describeVolume(cloud, volume)), NextToken }
}

export function describeVolumeStatus(input: DescribeVolumeStatusRequest, cloud: Cloud): DescribeVolumeStatusResult {
  const { page, NextToken } = select(input, cloud, STATUS_FILTERS)
  return { VolumeStatuses: page.map(describeStatus), NextToken }
}

interface Selection {
  VolumeIds?: string[] | undefined
  Filters?: DescribeVolumesRequest['Filters']
  MaxResults?: number | undefined
  NextToken?: string | undefined
  DryRun?: boolean | undefined
}

function select(input: Selection, cloud: Cloud, table: FilterTable<VolumeRecord>) {
  const { ec2 } = cloud.state
  if (input.VolumeIds?.length && input.MaxResults !== undefined) {
    throw invalidCombination('The parameter volumeSet cannot be used with the parameter maxResults')
  }
  const matches = filterBy(input.Filters, table, (volume) => tagsOf(ec2, volume.id))
  const asked = input.VolumeIds?.length ? requireVolumes(ec2, input.VolumeIds) : Object.values(ec2.volumes)
  endDryRun(input)
  const found = asked.filter(matches).sort((a, b) => (a.id < b.id ? -1 : 1))
  return paginate(found, (volume) => volume.id, input)
}

const VOLUME_FILTERS: FilterTable<VolumeRecord> = {
  'volume-id': ({ id }) => id,
  status: ({ state }) => state,
  size: ({ size }) => size,
  'volume-type': ({ type }) => type,
  'snapshot-id': ({ snapshotId }) => snapshotId,
  'availability-zone': ({ zone }) => zone,
  'availability-zone-id': ({ zone }) => zoneIdOf(zone),
  'create-time': ({ createdAt }) => createdAt,
  encrypted: ({ encrypted }) => encrypted,
  'fast-restored': () => false,
  'multi-attach-enabled': () => false,
  'operator.managed': () => false,
  'attachment.instance-id': ({ attachment }) => attachment?.instanceId,
  'attachment.device': ({ attachment }) => attachment?.device,
  'attachment.status': ({ attachment }) => attachment?.state,
  'attachment.attach-time': ({ attachment }) => attachment?.at,
  'attachment.delete-on-termination': ({ attachment }) => attachment?.deleteOnTermination,
}

const STATUS_FILTERS: FilterTable<VolumeRecord> = {
  'availability-zone': ({ zone }) => zone,
  'attachment-status.instance-id': ({ attachment }) => attachment?.instanceId,
  'volume-status.status': (volume) => healthOf(volume).status,
  'volume-status.details-name': () => ['io-enabled', 'io-performance'],
  'volume-status.details-status': (volume) => [healthOf(volume).io, 'not-applicable'],
  'action.code': () => undefined,
  'event.event-type': () => undefined,
}

/** A volume whose content is lost is `impaired`. Source: EC2 API reference, VolumeStatusInfo. */
function healthOf({ state }: VolumeRecord): { status: VolumeStatusInfoStatus; io: string } {
  if (state === 'error') return { status: 'impaired', io: 'failed' }
  return state === 'creating' ? { status: 'insufficient-data', io: 'passed' } : { status: 'ok', io: 'passed' }
}

function describeStatus(volume: VolumeRecord): VolumeStatusItem {
  const { status, io } = healthOf(volume)
  const details = [
    { Name: 'io-enabled' as const, Status: io },
    { Name: 'io-performance' as const, Status: 'not-applicable' },
  ]
  return {
    VolumeId: volume.id,
    AvailabilityZone: volume.zone,
    AvailabilityZoneId: zoneIdOf(volume.zone),
    VolumeStatus: { Status: status, Details: status === 'insufficient-data' ? [] : details },
    Events: [],
    Actions: [],
  }
}
