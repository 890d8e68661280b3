import { chooseTemplate } from '../config/choose-template.js'
import type { ClusterTemplate } from '../config/templates.js'
import type { PermissionSettings } from '../config/types.js'
import { checkHostname, masterAlias } from '../node/aliases.js'
import { ownKeyFile } from './cluster-key.js'
import type { ClusterDeps } from './deps.js'
import type { WantedKey } from './ensure-key-pair.js'
import { ClusterValidationError } from './errors.js'
import { type LaunchGroup, planLaunch } from './launch-plan.js'
import type { ClusterRecord } from './record.js'
import type { StartOverrides } from './start-options.js'

/** Everything `start` is going to do, settled before AWS is asked anything. */
export interface StartPlan {
  readonly tag: string
  readonly record: ClusterRecord
  readonly key: WantedKey
  readonly groups: readonly LaunchGroup[]
  readonly userdataScripts: readonly string[]
  /** Ports opened besides ssh. */
  readonly permissions: readonly PermissionSettings[]
  /** Another one is another launch, also of the same names. Absent: the first launch of the cluster. */
  readonly launchId?: string
  /** Settings of the template that cannot be followed yet, a line each. */
  readonly unsupported: readonly string[]
}

const shells = ['bash', 'zsh', 'csh', 'ksh', 'tcsh']

/** Settings of the template with what the command line says instead. @throws ClusterValidationError, ConfigError */
export function planStart(
  deps: Pick<ClusterDeps, 'config' | 'region' | 'paths'>,
  tag: string,
  templateName: string | undefined,
  overrides: StartOverrides,
  sshCidr?: string,
): StartPlan {
  const config = deps.config()
  const template = chooseTemplate(config, templateName, deps.region.templateDefaults)
  const prefix = (overrides.dnsPrefix ?? template.dnsPrefix) ? `${tag}-` : ''
  if (prefix) checkHostname(masterAlias(prefix))
  const user = checkUser(overrides.clusterUser ?? template.clusterUser)
  const shell = checkShell(overrides.clusterShell ?? template.clusterShell)
  const nodeInstanceTypes = withLastType(template.nodeInstanceTypes, overrides.nodeInstanceType)
  const nodeImageId = overrides.nodeImageId ?? template.nodeImageId
  const size = overrides.clusterSize ?? template.clusterSize
  const masterImageId = overrides.masterImageId ?? template.masterImageId
  const masterInstanceType = overrides.masterInstanceType ?? template.masterInstanceType
  const groups = planLaunch({ size, prefix, nodeImageId, nodeInstanceTypes, masterImageId, masterInstanceType })
  const userdataScripts = overrides.userdataScript ?? template.userdataScripts
  const permissions = template.permissions.flatMap((name) => config.permissions.get(name) ?? [])
  const key = wantedKey(deps, overrides.keyname ?? template.keyname, overrides.keyLocation)
  const zone = overrides.availabilityZone ?? template.availabilityZone
  const subnetId = overrides.subnetId ?? template.subnetId
  const publicIps = overrides.publicIps ?? template.publicIps
  const record: ClusterRecord = {
    version: 1,
    template: template.name,
    keyname: key.keyname,
    user,
    shell,
    plugins: overrides.plugins ?? template.plugins,
    queue: template.queue,
    dnsPrefix: prefix !== '',
    size,
    nodeImageId,
    nodeInstanceType: nodeInstanceTypes.at(-1)!.type,
    ...(zone === undefined ? {} : { zone }),
    ...(subnetId === undefined ? {} : { subnetId }),
    ...(publicIps === undefined ? {} : { publicIps }),
    launch: {
      ...(masterInstanceType === undefined ? {} : { masterType: masterInstanceType }),
      ...(masterImageId === undefined ? {} : { masterImageId }),
      ...(nodeInstanceTypes.length === 1 && !nodeInstanceTypes[0]!.imageId ? {} : { types: nodeInstanceTypes }),
      ...(userdataScripts.length === 0 ? {} : { userdata: userdataScripts }),
      ...(sshCidr === undefined ? {} : { sshCidr }),
      ...(permissions.length === 0 ? {} : { ports: permissions }),
    },
  }
  return {
    tag,
    record,
    key,
    groups,
    userdataScripts,
    permissions,
    unsupported: unsupported(template),
  }
}

/** The plan of a start that was interrupted before it launched anything, from what it wrote down. undefined: too little. */
export function planAgain(
  deps: Pick<ClusterDeps, 'config' | 'region' | 'paths'>,
  tag: string,
  record: ClusterRecord,
  keyLocation: string | undefined,
): StartPlan | undefined {
  const { launch, size } = record
  if (!launch) return undefined
  const groups = planRecorded(tag, record, size)
  const key = wantedKey(deps, record.keyname, keyLocation)
  const { userdata: userdataScripts = [], ports: permissions = [] } = launch
  return { tag, record, key, groups, userdataScripts, permissions, unsupported: [] }
}

/** What these workers are launched as: by their numbers, as the cluster's types say; any other name as the last type. */
export function planWorkers(tag: string, record: ClusterRecord, aliases: readonly string[]): LaunchGroup[] {
  const numbers = aliases.map((alias) => Number(/node(\d+)$/.exec(alias)?.[1] ?? 0))
  const counted = (record.launch?.types ?? []).slice(0, -1).reduce((sum, { count = 1 }) => sum + count, 0)
  const known = planRecorded(tag, record, Math.min(Math.max(0, ...numbers), counted) + counted + 1)
  const last = record.launch?.types?.at(-1)
  const groups = known.map((group) => ({ ...group, aliases: group.aliases.filter((alias) => aliases.includes(alias)) }))
  const others = aliases.filter((alias) => !groups.some((group) => group.aliases.includes(alias)))
  const rest = { instanceType: record.nodeInstanceType, imageId: last?.imageId ?? record.nodeImageId, aliases: others }
  return [...groups, rest].filter((group) => group.aliases.length > 0)
}

function planRecorded(tag: string, record: ClusterRecord, size: number): LaunchGroup[] {
  const { launch, nodeImageId } = record
  return planLaunch({
    size,
    prefix: record.dnsPrefix ? `${tag}-` : '',
    nodeImageId,
    nodeInstanceTypes: launch?.types ?? [{ type: record.nodeInstanceType }],
    masterImageId: launch?.masterImageId,
    masterInstanceType: launch?.masterType,
  })
}

/** A type on the command line replaces the one for all remaining workers; counted ones stay. */
function withLastType(
  types: ClusterTemplate['nodeInstanceTypes'],
  type: string | undefined,
): ClusterTemplate['nodeInstanceTypes'] {
  return type === undefined ? types : [...types.slice(0, -1), { type }]
}

function unsupported({ spotBid, volumes, queue }: ClusterTemplate): string[] {
  return [
    ...(spotBid === undefined ? [] : ['spot_bid is not supported yet: on-demand instances are launched']),
    ...(volumes.length === 0 ? [] : [`volumes are not supported yet: ${volumes.join(', ')} will not be attached`]),
    ...(queue === 'none' ? [] : [`queue = ${queue} is not supported yet: the cluster gets no queueing system`]),
  ]
}

/** `-K` names the file; else the `[key]` section; else the key is one of ours, made on first use. */
function wantedKey(
  deps: Pick<ClusterDeps, 'config' | 'region' | 'paths'>,
  keyname: string,
  keyLocation: string | undefined,
): WantedKey {
  if (keyLocation !== undefined) return { keyname, location: keyLocation, ours: false }
  const config = deps.config()
  const mayBeOurs = keyname === deps.region.templateDefaults.keyname
  if (mayBeOurs && !config.keys.has(keyname)) return { keyname, location: ownKeyFile(deps, keyname), ours: true }
  return { keyname, location: config.key(keyname).keyLocation, ours: false }
}

function checkUser(user: string): string {
  const hint = 'set cluster_user (-u) to a name such as sgeadmin'
  if (user === 'root') throw new ClusterValidationError('the cluster user cannot be root', { hint })
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) {
    throw new ClusterValidationError(`${JSON.stringify(user)} cannot be the name of a user`, { hint })
  }
  return user
}

function checkShell(shell: string): string {
  if (shells.includes(shell)) return shell
  throw new ClusterValidationError(`${JSON.stringify(shell)} is not a shell we set up`, {
    hint: `set cluster_shell (-S) to one of ${shells.join(', ')}`,
  })
}
