import { isEverybody, opensSsh } from '../aws/security-groups.js'
import type { PermissionSettings } from '../config/types.js'
import type { ClusterDeps } from './deps.js'

/**
 * Who may reach ssh of a cluster's nodes: whom its settings name, else only this computer. Everybody is never let in
 * without a warning.
 * @returns a range of addresses; undefined where a permission says it
 * @throws OwnAddressUnknown
 */
export async function sshSource(
  deps: Pick<ClusterDeps, 'region' | 'log'>,
  { sshCidr, permissions }: { sshCidr: string | undefined; permissions: readonly PermissionSettings[] },
  signal?: AbortSignal,
): Promise<string | undefined> {
  const permission = permissions.find(opensSsh)
  const source = sshCidr ?? permission?.cidrIp ?? (await deps.region.callerCidr?.(signal)) ?? '0.0.0.0/0'
  if (isEverybody(source) || permissions.some((one) => opensSsh(one) && isEverybody(one.cidrIp))) {
    deps.log.warn('ssh of the nodes is open to everybody: name in ssh_cidr of the template who may reach it')
  }
  return sshCidr === undefined && permission ? undefined : source
}
