import type { IpPermission } from '@aws-sdk/client-ec2'
import { OwnAddressUnknown } from '../aws/caller-address.js'
import { groupRules, markOf, ruleKey, ruleText, singleRules } from '../aws/group-rules.js'
import { authorize, revoke } from '../aws/security-groups.js'
import type { PermissionSettings } from '../config/types.js'
import { isStarClusterError } from '../errors.js'
import type { ClusterDeps } from './deps.js'
import type { ClusterGroup } from './discover.js'
import type { ClusterRecord } from './record.js'
import { permissionProblems } from './settings/permissions.js'
import { throwProblems } from './settings/problem.js'
import { sshSource } from './ssh-source.js'

/** Who is let in, as the settings have it. */
export interface WantedAccess {
  /** undefined: whoever calls, or whom a permission lets in. */
  readonly sshCidr: string | undefined
  readonly permissions: readonly PermissionSettings[]
}

type Deps = Pick<ClusterDeps, 'aws' | 'region' | 'log' | 'config'>

/**
 * Makes the rules of a cluster's group what the config says now: opens what is missing, closes what StarCluster opened
 * and the config no longer has. Rules that others made stay, and those of clusters that older versions started.
 * No request when nothing is to be changed; one for all that is opened, one for all that is closed.
 */
export async function followAccess(
  deps: Deps,
  group: ClusterGroup,
  record: ClusterRecord,
  signal?: AbortSignal,
): Promise<void> {
  const rules = await wantedRules(deps, group, record, signal)
  if (!rules) return
  const present = singleRules(group.group.IpPermissions)
  const wanted = new Set(rules.map(ruleKey))
  const known = new Set(present.map(ruleKey))
  const missing = rules.filter((rule) => !known.has(ruleKey(rule)))
  const surplus = present.filter((rule) => markOf(rule) !== undefined && !wanted.has(ruleKey(rule)))
  const { ec2 } = deps.aws
  if (missing.length > 0) await authorize(ec2, group.id, missing, signal)
  for (const rule of missing) deps.log.info(`Opened ${told(rule)}`)
  if (surplus.length > 0) await revoke(ec2, group.id, surplus, signal)
  for (const rule of surplus) deps.log.info(`Closed ${told(rule)}: the config no longer has it`)
}

const told = (rule: IpPermission) => `${ruleText(rule)} (${markOf(rule)})`

/** undefined: they cannot be known now, which is told. */
async function wantedRules(
  deps: Deps,
  group: ClusterGroup,
  record: ClusterRecord,
  signal: AbortSignal | undefined,
): Promise<IpPermission[] | undefined> {
  try {
    const { sshCidr, permissions } = wantedAccess(deps, record)
    const insideVpc = record.sshProxy === undefined ? undefined : group.vpcId
    const source = await sshSource(deps, { sshCidr, permissions, insideVpc }, signal)
    return groupRules(group.id, { sshCidr: source, permissions })
  } catch (error) {
    // An act on a running cluster does not fail for it.
    if (signal?.aborted || !isStarClusterError(error) || isFirstLaunch(group)) throw error
    const why = error instanceof OwnAddressUnknown ? 'your own address is not known' : 'the config has a mistake'
    deps.log.warn(`the ports of cluster ${group.tag} stay as they are, ${why}: ${error.message}`)
    return undefined
  }
}

/** Nobody could reach its nodes. */
const isFirstLaunch = ({ group }: ClusterGroup) => (group.IpPermissions ?? []).length === 0

/**
 * What the cluster's template says now; what it was started with where that is no longer in the config, or where its
 * start said it beside the template.
 * @throws ConfigError, ClusterValidationError
 */
export function wantedAccess({ config, region }: Pick<Deps, 'config' | 'region'>, record: ClusterRecord): WantedAccess {
  const { template: name, launch } = record
  const recorded = { sshCidr: launch?.sshCidr, permissions: launch?.ports ?? [] }
  const now = config()
  if (name === undefined || !now.templateNames.includes(name)) return recorded
  const template = now.template(name, region.templateDefaults)
  const permissions = template.permissions.flatMap((one) => now.permissions.get(one) ?? [])
  throwProblems(now, permissions.flatMap(permissionProblems), new Set())
  return { sshCidr: launch?.ownSshCidr ? launch.sshCidr : template.sshCidr, permissions }
}
