import type { ClusterListing } from '../index.js'
import { endText } from './end-text.js'
import { localTime } from './output/cell.js'

/** One cluster as `listclusters` shows it: a boxed header, its facts, a row for every node. */
export function renderCluster(cluster: ClusterListing): string {
  const title = `${cluster.tag} (security group: ${cluster.securityGroup})`
  const rule = '-'.repeat(title.length)
  const facts: Array<[string, string]> = [
    ['Launch time', cluster.launchTime ? localTime(cluster.launchTime) : 'N/A'],
    ['Uptime', cluster.launchTime ? uptime(cluster.launchTime) : 'N/A'],
    ...endFacts(cluster),
    ['Zone', cluster.zone ?? 'N/A'],
    ['Keypair', cluster.keyname ?? 'N/A'],
    [
      'EBS volumes',
      cluster.volumes.map(({ volumeId, mountPath }) => `${volumeId} on ${mountPath}`).join(', ') || 'N/A',
    ],
  ]
  const nodes = cluster.nodes.map((n) =>
    `    ${n.alias.padStart(7)} ${n.state.padEnd(8)} ${n.instanceId} ${n.address ?? ''}${sshStatus(n.ssh)}${spot(n)}`.trimEnd(),
  )
  return [
    rule,
    title,
    rule,
    ...facts.map(([name, value]) => `${name}: ${value}`),
    nodes.length > 0 ? 'Cluster nodes:' : 'Cluster nodes: N/A',
    ...nodes,
    `Total nodes: ${nodes.length}`,
  ].join('\n')
}

function endFacts({ tag, ends, ended, isProtected, nodes }: ClusterListing): Array<[string, string]> {
  const then =
    nodes.length === 0
      ? `its nodes are gone, "starcluster terminate ${tag}" removes the rest`
      : `its nodes are stopped, "starcluster start -x ${tag}" resumes them`
  return [
    ...(ends ? [['Ends', `${endText(ends)}${overdue(ends, tag)}`] as [string, string]] : []),
    ...(ended ? [['Ended', `${localTime(ended)}, by itself (ttl): ${then}`] as [string, string]] : []),
    ...(isProtected ? [['Protected', `yes ("starcluster protect --off ${tag}" lifts it)`] as [string, string]] : []),
  ]
}

/** The master has a minute more, and a shutdown takes its time. */
const overdueMs = 5 * 60_000

function overdue(ends: Date, tag: string): string {
  return Date.now() - ends.getTime() < overdueMs ? '' : ` but nodes run: "starcluster ttl ${tag} 1m" tells them again`
}

const sshStatus = (ssh: 'Up' | 'Down' | undefined): string => (ssh ? ` (SSH: ${ssh})` : '')

const spot = ({ spotId, notice }: { spotId?: string; notice?: string }): string =>
  `${spotId ? ` (spot ${spotId})` : ''}${notice ? ` - ${notice}` : ''}`

/** `D days, HH:MM:SS` since a moment. */
export function uptime(since: Date, now = new Date()): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - since.getTime()) / 1000))
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  return `${Math.floor(seconds / 86_400)} days, ${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
}
