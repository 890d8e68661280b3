import { chooseTemplate } from '../config/choose-template.js'
import type { ClusterTemplate } from '../config/templates.js'
import type { PermissionSettings } from '../config/types.js'
import type { StarClusterError } from '../errors.js'
import { ownKeyFile } from './cluster-key.js'
import type { ClusterDeps } from './deps.js'
import type { WantedKey } from './key-pair-work.js'
import type { LaunchNotes } from './launch-notes.js'
import { type LaunchGroup, planLaunch } from './launch-plan.js'
import { type ClusterMarks, marksOf } from './marks.js'
import { Problems } from './problems.js'
import type { ClusterRecord, SpotRecord } from './record.js'
import { prefixProblems } from './settings/dns-prefix.js'
import { overriddenSettings, withOverrides } from './settings/effective.js'
import { keyFileProblems } from './settings/key-file.js'
import { throwProblems } from './settings/problem.js'
import { templateProblems } from './settings/template.js'
import { unsupportedSettings } from './settings/unsupported.js'
import type { StartOverrides } from './start-options.js'
import { type ClusterVolume, planVolumes } from './volumes.js'

/** Everything `start` is going to do, settled before AWS is asked anything. */
export interface StartPlan {
  readonly tag: string
  readonly record: ClusterRecord
  /** What the cluster has besides: its lifetime, its protection. Absent: nothing. */
  readonly marks?: ClusterMarks
  readonly key: WantedKey
  readonly groups: readonly LaunchGroup[]
  readonly userdataScripts: readonly string[]
  /** Ports opened besides ssh. */
  readonly permissions: readonly PermissionSettings[]
  /** Nodes that may be left out where EC2 lacks capacity. Absent: none. */
  readonly mayLack?: number
  /** How an earlier start that was interrupted launched some of the groups. */
  readonly notes?: LaunchNotes
  /** Another one is another launch, also of the same names. Absent: the first launch of the cluster. */
  readonly launchId?: string
  /** Settings of the template that cannot be followed yet, a line each. */
  readonly unsupported: readonly string[]
  /** What is wrong with the settings themselves: thrown together with what the checks find. */
  readonly problems?: readonly StarClusterError[]
}

/** Settings of the template with what the command line says instead. What is wrong with them is in `problems`. @throws ConfigError */
export function planStart(
  deps: Pick<ClusterDeps, 'config' | 'region' | 'paths'>,
  tag: string,
  templateName: string | undefined,
  overrides: StartOverrides,
): StartPlan {
  const config = deps.config()
  const chosen = chooseTemplate(config, templateName, deps.region.templateDefaults)
  const template = withOverrides(config, chosen, overrides)
  const wrong = [...prefixProblems(tag, template), ...templateProblems(config, template), ...keyFileProblems(template)]
  const problems = new Problems()
  const overridden = overriddenSettings(overrides)
  for (const one of wrong) problems.attempt(() => throwProblems(config, [one], overridden), undefined)
  const permissions = template.permissions.flatMap((name) => config.permissions.get(name) ?? [])
  const sections = template.volumes.flatMap((name) => config.volumes.get(name) ?? [])
  const volumes = problems.attemptIfFine(() => planVolumes(sections), [])
  const { keyname } = template
  const noKey = { keyname, location: '', ours: false }
  const key = problems.attempt(() => wantedKey(deps, keyname, overrides.keyLocation), noKey)
  const record = recordOf(template, permissions, volumes, overrides)
  return {
    tag,
    record,
    marks: marksOf(template),
    key,
    groups: problems.attemptIfFine(() => planRecorded(tag, record, record.size), []),
    mayLack: mayLack(record, record.size),
    userdataScripts: template.userdataScripts,
    permissions,
    unsupported: unsupportedSettings(template),
    problems: problems.found,
  }
}

function recordOf(
  template: ClusterTemplate,
  permissions: readonly PermissionSettings[],
  volumes: readonly ClusterVolume[],
  { sshCidr: ownSshCidr }: StartOverrides,
): ClusterRecord {
  const {
    nodeInstanceTypes,
    nodeImageId,
    availabilityZone: zone,
    subnetId,
    publicIps,
    queue,
    dnsPrefix,
    sshProxy,
    imageUser,
  } = template
  return {
    version: 1,
    template: template.name,
    keyname: template.keyname,
    user: template.clusterUser,
    shell: template.clusterShell,
    plugins: template.plugins,
    queue,
    dnsPrefix,
    size: template.clusterSize,
    nodeImageId,
    nodeInstanceType: nodeInstanceTypes.at(-1)!.type,
    ...given({ zone, subnetId, publicIps, sshProxy, imageUser }),
    ...(template.placementGroup ? { placementGroup: true } : {}),
    launch: given({
      masterType: template.masterInstanceType,
      masterImageId: template.masterImageId,
      types: nodeInstanceTypes.length === 1 && !nodeInstanceTypes[0]!.imageId ? undefined : nodeInstanceTypes,
      userdata: template.userdataScripts.length === 0 ? undefined : template.userdataScripts,
      sshCidr: template.sshCidr,
      ownSshCidr: ownSshCidr === undefined ? undefined : (true as const),
      iamProfile: template.iamProfile,
      rootVolume: {
        ...given({ size: template.rootVolumeSize }),
        type: template.rootVolumeType,
        encrypted: template.rootVolumeEncrypted,
      },
      tags: Object.keys(template.tags).length === 0 ? undefined : template.tags,
      fallbackTypes: template.fallbackInstanceTypes.length === 0 ? undefined : template.fallbackInstanceTypes,
      fallbackZones: template.fallbackZones.length === 0 ? undefined : template.fallbackZones,
      minNodes: template.minNodes,
      spot: spotOf(template),
      startTimeout: template.startTimeout,
      ttlAction: template.ttlAction === 'terminate' ? ('terminate' as const) : undefined,
      ports: permissions.length === 0 ? undefined : permissions,
      volumes: volumes.length === 0 ? undefined : volumes,
    }),
  }
}

type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Without the members that have no value. */
function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>
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

/** How many of `total` nodes a start may do without. */
export function mayLack({ launch }: ClusterRecord, total: number): number {
  return launch?.minNodes === undefined ? 0 : Math.max(0, total - launch.minNodes)
}

/** On demand beside spot workers, or of a type of its own that no fallback replaces. */
function isMasterAlone({ launch: { spot, masterType, fallbackTypes } = {} }: ClusterRecord): boolean {
  return (spot !== undefined && !spot.master) || (masterType !== undefined && fallbackTypes !== undefined)
}

/** A price asks for spot instances. */
function spotOf({ spotBid, spotMaxPrice, forceSpotMaster }: ClusterTemplate): SpotRecord | undefined {
  const maxPrice = spotBid ?? spotMaxPrice
  if (maxPrice === undefined) return undefined
  return { maxPrice, ...(forceSpotMaster ? { master: true } : {}) }
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
    masterAlone: isMasterAlone(record),
  })
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
