import { isEverybody, opensSsh } from '../aws/group-rules.js'
import { vpcCidr } from '../aws/network.js'

import type { PermissionSettings } from '../config/types.js'
import type { ClusterDeps } from './deps.js'

interface Access {
  readonly sshCidr: string | undefined
  readonly permissions: readonly PermissionSettings[]
  /** Of a cluster behind a jump host: the VPC from where that reaches it. */
  readonly insideVpc?: string | undefined
}

/**
 * Who may reach ssh of a cluster's nodes: whom its settings name, else only this computer, or its jump host. Everybody is never let in
 * without a warning.
 * @returns a range of addresses; undefined where a permission says it
 * @throws OwnAddressUnknown
 */
export async function sshSource(
  deps: Pick<ClusterDeps, 'aws' | 'region' | 'log'>,
  { sshCidr, permissions, insideVpc }: Access,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const permission = permissions.find(opensSsh)
  const source = sshCidr ?? permission?.cidrIp ?? (await callerCidr(deps, insideVpc, signal)) ?? '0.0.0.0/0'
  if (isEverybody(source) || permissions.some((one) => opensSsh(one) && isEverybody(one.cidrIp))) {
    deps.log.warn('ssh of the nodes is open to everybody: name in ssh_cidr of the template who may reach it')
  }
  return sshCidr === undefined && permission ? undefined : source
}

async function callerCidr(
  { aws, region }: Pick<ClusterDeps, 'aws' | 'region'>,
  vpc: string | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  return vpc === undefined ? region.callerCidr?.(signal) : vpcCidr(aws.ec2, vpc, signal)
}
