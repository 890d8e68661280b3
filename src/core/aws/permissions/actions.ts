/** What an action may be done to, as a policy says it. */
export type Scope =
  /** AWS knows no narrower resource for it, or it is about things that no cluster has made. */
  | 'everything'
  /** Instances and what else carries the tag that names their cluster. */
  | 'members'
  /** Security groups, which are the clusters. */
  | 'groups'
  /** Tags given while something is made. */
  | 'made'
  | 'role'
  | 'spot'

export interface ActionUse {
  /** As in a policy: `ec2:RunInstances`. */
  readonly action: string
  readonly scope: Scope
}

const uses = (scope: Scope, ...names: string[]): ActionUse[] =>
  names.map((name) => ({ scope, action: name.includes(':') ? name : `ec2:${name}` }))

/**
 * Every action of AWS that this program can send, and those that AWS checks besides when it is sent one of them.
 * Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2", and for Amazon S3.
 */
export const actionsUsed: readonly ActionUse[] = [
  ...uses(
    'everything',
    'DescribeAvailabilityZones',
    'DescribeImages',
    'DescribeInstanceAttribute',
    'DescribeInstanceTypes',
    'DescribeInstances',
    'DescribeInternetGateways',
    'DescribeKeyPairs',
    'DescribePlacementGroups',
    'DescribeRegions',
    'DescribeRouteTables',
    'DescribeSecurityGroups',
    'DescribeSnapshots',
    'DescribeSpotInstanceRequests',
    'DescribeSpotPriceHistory',
    'DescribeSubnets',
    'DescribeVolumes',
    'DescribeVolumesModifications',
    'DescribeVpcs',
    'GetConsoleOutput',
    'sts:GetCallerIdentity',
    'ssm:GetParameters',
    's3:ListAllMyBuckets',
    's3:ListBucket',
  ),
  ...uses('everything', 'RunInstances', 'CreateSecurityGroup', 'CreatePlacementGroup', 'ImportKeyPair'),
  // Of the user's own: volumes that clusters use, images, key pairs.
  ...uses(
    'everything',
    'CreateVolume',
    'ModifyVolume',
    'AttachVolume',
    'DetachVolume',
    'DeleteVolume',
    'CreateImage',
    'CopyImage',
    'DeregisterImage',
    'DeleteKeyPair',
  ),
  ...uses('made', 'CreateTags'),
  ...uses(
    'groups',
    'AuthorizeSecurityGroupIngress',
    'RevokeSecurityGroupIngress',
    'DeleteSecurityGroup',
    'CreateTags',
    'DeleteTags',
  ),
  ...uses(
    'members',
    'CancelSpotInstanceRequests',
    'DeletePlacementGroup',
    'DeleteTags',
    'ModifyInstanceAttribute',
    'RebootInstances',
    'StartInstances',
    'StopInstances',
    'TerminateInstances',
  ),
  ...uses('role', 'iam:PassRole'),
  ...uses('spot', 'iam:CreateServiceLinkedRole'),
]

/** Checked by AWS behind an action of ours, and never sent by this program. */
export const impliedActions: ReadonlySet<string> = new Set([
  // By RunInstances and the like with tags.
  'ec2:CreateTags',
  // The first spot instance of an account.
  'iam:CreateServiceLinkedRole',
  // RunInstances with an instance profile, and with resolve:ssm:.
  'iam:PassRole',
  'ssm:GetParameters',
])
