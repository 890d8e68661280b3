import type { Instance } from '@aws-sdk/client-ec2'
import { describeInstances, livingStates } from '../aws/instances.js'
import type { ClusterDeps } from './deps.js'

/** Instances of one security group that have not been terminated. One request per 1000. */
export async function describeMembers(
  { aws }: Pick<ClusterDeps, 'aws'>,
  groupId: string,
  signal?: AbortSignal,
): Promise<Instance[]> {
  const filters = [
    { Name: 'instance.group-id', Values: [groupId] },
    { Name: 'instance-state-name', Values: [...livingStates] },
  ]
  return describeInstances(aws.ec2, filters, signal)
}
