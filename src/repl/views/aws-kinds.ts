import type {
  Image,
  Instance,
  IpPermission,
  KeyPairInfo,
  SecurityGroup,
  Snapshot,
  Tag,
  Volume,
} from '@aws-sdk/client-ec2'
import type { Column } from './table.js'

/** A kind of thing AWS lists, and the columns people look for. */
interface Kind {
  /** Members that every one of them has and others have not. */
  readonly has: readonly string[]
  readonly hasNot?: readonly string[]
  readonly columns: readonly Column<never>[]
}

/** Columns for rows of a known kind. */
export function columnsOf(row: object): readonly Column<never>[] | undefined {
  return kinds.find(({ has, hasNot = [] }) => has.every((key) => key in row) && !hasNot.some((key) => key in row))
    ?.columns
}

const tag = (thing: { readonly Tags?: readonly Tag[] | undefined }, key: string) =>
  thing.Tags?.find(({ Key }) => Key === key)?.Value

const instance: Column<Instance>[] = [
  ['INSTANCE', (i) => i.InstanceId],
  ['NAME', (i) => tag(i, 'Name')],
  ['STATE', (i) => i.State?.Name],
  ['TYPE', (i) => i.InstanceType],
  ['ADDRESS', (i) => i.PublicIpAddress ?? i.PrivateIpAddress],
  ['ZONE', (i) => i.Placement?.AvailabilityZone],
  ['IMAGE', (i) => i.ImageId],
  ['KEY PAIR', (i) => i.KeyName],
  ['LAUNCHED', (i) => i.LaunchTime],
]

const image: Column<Image>[] = [
  ['IMAGE', (i) => i.ImageId],
  ['NAME', (i) => i.Name],
  ['STATE', (i) => i.State],
  ['ARCH', (i) => i.Architecture],
  ['ROOT', (i) => i.RootDeviceType],
  ['OWNER', (i) => i.OwnerId],
  ['PUBLIC', (i) => i.Public],
  ['CREATED', (i) => i.CreationDate && new Date(i.CreationDate)],
  ['DESCRIPTION', (i) => i.Description],
]

const volume: Column<Volume>[] = [
  ['VOLUME', (v) => v.VolumeId],
  ['NAME', (v) => tag(v, 'Name')],
  ['GiB', (v) => v.Size],
  ['TYPE', (v) => v.VolumeType],
  ['STATE', (v) => v.State],
  ['ATTACHED TO', (v) => v.Attachments?.map(({ InstanceId, Device }) => `${InstanceId} ${Device}`)],
  ['ZONE', (v) => v.AvailabilityZone],
  ['SNAPSHOT', (v) => v.SnapshotId],
  ['CREATED', (v) => v.CreateTime],
]

const snapshot: Column<Snapshot>[] = [
  ['SNAPSHOT', (s) => s.SnapshotId],
  ['VOLUME', (s) => s.VolumeId],
  ['GiB', (s) => s.VolumeSize],
  ['STATE', (s) => s.State],
  ['PROGRESS', (s) => s.Progress],
  ['STARTED', (s) => s.StartTime],
  ['DESCRIPTION', (s) => s.Description],
]

const securityGroup: Column<SecurityGroup>[] = [
  ['GROUP', (g) => g.GroupId],
  ['NAME', (g) => g.GroupName],
  ['OPEN', (g) => g.IpPermissions?.map(renderPermission)],
  ['VPC', (g) => g.VpcId],
  ['DESCRIPTION', (g) => g.Description],
]

const keyPair: Column<KeyPairInfo>[] = [
  ['KEY PAIR', (k) => k.KeyName],
  ['TYPE', (k) => k.KeyType],
  ['ID', (k) => k.KeyPairId],
  ['CREATED', (k) => k.CreateTime],
  ['FINGERPRINT', (k) => k.KeyFingerprint],
]

const kinds: readonly Kind[] = [
  { has: ['InstanceId', 'State', 'ImageId'], columns: instance },
  { has: ['ImageId', 'RootDeviceType'], hasNot: ['InstanceId'], columns: image },
  { has: ['VolumeId', 'Size'], columns: volume },
  { has: ['SnapshotId', 'VolumeSize'], columns: snapshot },
  { has: ['GroupId', 'IpPermissions'], columns: securityGroup },
  { has: ['KeyName', 'KeyFingerprint'], columns: keyPair },
]

/** `tcp 22 from 0.0.0.0/0`. Protocol -1 is any. */
function renderPermission({ IpProtocol, FromPort, ToPort, ...from }: IpPermission): string {
  const ports =
    FromPort === undefined || FromPort === -1 ? '' : FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`
  const sources = [
    ...(from.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
    ...(from.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ...(from.UserIdGroupPairs ?? []).map(({ GroupId, GroupName }) => GroupName ?? GroupId),
    ...(from.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
  ]
  return `${IpProtocol === '-1' ? 'all' : IpProtocol}${ports === '' ? '' : ` ${ports}`} from ${sources.join(' ')}`
}
