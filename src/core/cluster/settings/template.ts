import { looksLikeInstanceType } from '../../config/node-types.js'
import type { ClusterTemplate } from '../../config/templates.js'
import type { StarClusterConfig } from '../../config/types.js'
import { InvalidCIDRSpecified } from '../errors.js'
import { readJumpHost } from '../jump-host.js'
import { lifetimeProblem } from '../lifetime-text.js'
import { cidrHint, isCidr } from './cidr.js'
import { permissionProblems } from './permissions.js'
import type { SettingProblem } from './problem.js'
import { volumeProblems } from './volumes.js'

const shells = ['bash', 'zsh', 'csh', 'ksh', 'tcsh']

/** All that is wrong with a template and the sections it names, as far as it shows without asking AWS. */
export function templateProblems(
  config: Pick<StarClusterConfig, 'volumes' | 'permissions'>,
  template: ClusterTemplate,
): SettingProblem[] {
  const volumes = template.volumes.flatMap((name) => config.volumes.get(name) ?? [])
  const permissions = template.permissions.flatMap((name) => config.permissions.get(name) ?? [])
  const own = [
    ...sizeProblems(template),
    ...userProblems(template),
    ...priceProblems(template),
    ...typeProblems(template),
    ...accessProblems(template),
    ...endProblems(template),
  ]
  const ofTemplate = [...own, ...tagProblems(template)].map((problem) => ({
    kind: 'cluster' as const,
    name: template.name,
    ...problem,
  }))
  return [...ofTemplate, ...volumeProblems(volumes), ...permissions.flatMap(permissionProblems)]
}

type Problem = Omit<SettingProblem, 'kind' | 'name'>

function sizeProblems({ clusterSize: size, nodeInstanceTypes, minNodes, rootVolumeSize }: ClusterTemplate): Problem[] {
  const problems: Problem[] = []
  const add = (setting: string, text: string, hint?: string) =>
    problems.push({ setting, text, ...(hint === undefined ? {} : { hint }) })
  if (!Number.isInteger(size) || size < 1) add('cluster_size', `= ${size}: expected a whole number of at least 1`)
  const counted = nodeInstanceTypes.slice(0, -1).reduce((sum, { count = 1 }) => sum + count, 0)
  if (size >= 1 && counted > size - 1) {
    const text = `asks for ${counted} workers, but the cluster has ${size - 1}`
    add('node_instance_type', text, 'raise cluster_size (-s), which counts the master too, or lower the counts')
  }
  if (minNodes !== undefined && (minNodes < 1 || minNodes > size)) {
    add('min_nodes', `= ${minNodes}: expected a number from 1 to cluster_size, which is ${size}`)
  }
  if (rootVolumeSize !== undefined && (rootVolumeSize < 1 || rootVolumeSize > 16_384)) {
    add('root_volume_size', `= ${rootVolumeSize}: expected GiB from 1 to 16384`)
  }
  return problems
}

function userProblems({ clusterUser, clusterShell, imageUser }: ClusterTemplate): Problem[] {
  const problems: Problem[] = []
  const hint = 'set cluster_user (-u) to a name such as sgeadmin'
  if (clusterUser === 'root')
    problems.push({ setting: 'cluster_user', text: '= root: the cluster user cannot be root', hint })
  for (const [setting, user] of [
    ['cluster_user', clusterUser],
    ['image_user', imageUser],
  ] as const) {
    if (user === undefined || /^[a-z_][a-z0-9_-]{0,31}$/.test(user)) continue
    problems.push({
      setting,
      text: `= ${user}: this cannot be the name of a user`,
      ...(setting === 'cluster_user' ? { hint } : {}),
    })
  }
  if (!shells.includes(clusterShell)) {
    problems.push({ setting: 'cluster_shell', text: `= ${clusterShell}: expected one of ${shells.join(', ')}` })
  }
  return problems
}

function priceProblems({ spotBid, spotMaxPrice }: ClusterTemplate): Problem[] {
  const prices = [
    ['spot_bid', spotBid],
    ['spot_max_price', spotMaxPrice],
  ] as const
  return [
    ...prices
      .filter(([, price]) => price !== undefined && !(price > 0))
      .map(([setting, price]) => ({ setting, text: `= ${price}: expected US dollars an hour, more than 0` })),
  ]
}

/** Which types exist is for EC2 to say; this is only the form of their names. */
function typeProblems(template: ClusterTemplate): Problem[] {
  const { masterInstanceType, nodeInstanceTypes, fallbackInstanceTypes } = template
  const named = [
    ['master_instance_type', masterInstanceType === undefined ? [] : [masterInstanceType]],
    ['node_instance_type', nodeInstanceTypes.map(({ type }) => type)],
    ['fallback_instance_types', fallbackInstanceTypes],
  ] as const
  return named.flatMap(([setting, types]) =>
    types
      .filter((type) => !looksLikeInstanceType(type))
      .map((type) => ({ setting, text: `: "${type}" is not the name of an instance type, such as t3.small` })),
  )
}

function accessProblems({ sshCidr, subnetId, sshProxy }: ClusterTemplate): Problem[] {
  const problems: Problem[] = []
  if (sshCidr !== undefined && !isCidr(sshCidr)) {
    const text = `= ${sshCidr}: this is no range of addresses`
    problems.push({ setting: 'ssh_cidr', text, hint: cidrHint(sshCidr), error: InvalidCIDRSpecified })
  }
  if (sshProxy !== undefined && !readJumpHost(sshProxy)) {
    const hint = 'write USER@HOST or USER@HOST:PORT, for example ubuntu@bastion.example.org'
    problems.push({ setting: 'ssh_proxy', text: `= ${sshProxy}: this is no jump host`, hint })
  }
  if (subnetId !== undefined && !subnetId.startsWith('subnet-')) {
    problems.push({ setting: 'subnet_id', text: `= ${subnetId}: expected an id such as subnet-0123456789abcdef0` })
  }
  return problems
}

/** EC2's termination protection does not hold for a shutdown from inside. Source: EC2 User Guide, "Change instance termination protection". */
function endProblems({ ttl, ttlAction, protected: isProtected }: ClusterTemplate): Problem[] {
  const text = ttl === undefined ? undefined : lifetimeProblem(ttl)
  const hint = 'with ttl_action = stop nothing is lost; or leave out protected'
  return [
    ...(text === undefined ? [] : [{ setting: 'ttl', text }]),
    ...(isProtected && ttlAction === 'terminate'
      ? [{ setting: 'ttl_action', text: '= terminate: a protected cluster would delete itself', hint }]
      : []),
  ]
}

/** Source: EC2 User Guide, "Tag your Amazon EC2 resources", "Tag restrictions"; ten are left for our own. */
function tagProblems({ tags }: ClusterTemplate): Problem[] {
  const wrong = (key: string, value: string) => {
    if (/^(aws|starcluster):/i.test(key)) return `: ${key}: names beginning with aws: and starcluster: are reserved`
    if (key.length > 128 || value.length > 256)
      return `: ${key.slice(0, 20)}...: a key has at most 128 letters, a value 256`
    return undefined
  }
  const texts = Object.entries(tags).flatMap(([key, value]) => wrong(key, value) ?? [])
  const many = Object.keys(tags).length > 40 ? [': more than 40 tags'] : []
  return [...texts, ...many].map((text) => ({ setting: 'tags', text }))
}
