import { covers } from '../aws/cidr.js'
import { cidrOf, singleRules } from '../aws/group-rules.js'
import type { ClusterDeps } from './deps.js'
import { findGroups } from './discover.js'
import { wantedAccess } from './follow-access.js'
import { readRecord } from './record.js'

/**
 * Whether a cluster's group keeps this computer out, and what to do about it; asked when its nodes cannot be reached.
 * @returns undefined: it lets it in, or that cannot be known
 */
export async function addressHint(deps: ClusterDeps, tag: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const [own, groups] = await Promise.all([deps.region.callerCidr?.(signal), findGroups(deps, [tag], signal)])
    const found = groups.get(tag)
    if (own === undefined || !found) return undefined
    const record = readRecord(tag, found.group.Tags)
    if (record.sshProxy !== undefined) return undefined // then it is the jump host that is let in
    const doors = singleRules(found.group.IpPermissions)
      .filter(letsSshIn)
      .flatMap((rule) => cidrOf(rule) ?? [])
    if (doors.some((cidr) => covers(cidr, own))) return undefined
    const fact = `your address is now ${own.replace(/\/\d+$/, '')}, the cluster lets ${doors.join(', ') || 'nobody'} in`
    const { sshCidr } = wantedAccess(deps, record)
    return sshCidr === undefined || covers(sshCidr, own)
      ? `${fact}: "starcluster start -x ${tag}" opens it`
      : `${fact}: correct ssh_cidr = ${sshCidr} of its template, then "starcluster start -x ${tag}" opens it`
  } catch {
    return undefined // the failure itself is told
  }
}

function letsSshIn({ IpProtocol, FromPort = 0, ToPort = 65_535 }: ReturnType<typeof singleRules>[number]): boolean {
  return IpProtocol === '-1' || (IpProtocol === 'tcp' && FromPort <= 22 && ToPort >= 22)
}
