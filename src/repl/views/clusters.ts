import { inspect } from 'node:util'
import { type Cluster, type ClusterListing, type ClusterManager, foldNodeNames, type Node } from '../../index.js'
import { type Column, type Look, renderFacts, renderTable } from './table.js'

type NodeListing = ClusterListing['nodes'][number]

const clusterColumns: Column<ClusterListing>[] = [
  ['CLUSTER', (c) => c.tag],
  ['NODES', (c) => c.nodes.length],
  ['STATE', (c) => states(c.nodes)],
  ['MASTER', (c) => c.nodes.find(({ address }) => address !== undefined)?.address],
  ['ZONE', (c) => c.zone],
  ['LAUNCHED', (c) => c.launchTime],
  ['KEY PAIR', (c) => c.keyname],
]

const listedNodeColumns: Column<NodeListing>[] = [
  ['NODE', (n) => n.alias],
  ['STATE', (n) => n.state],
  ['INSTANCE', (n) => n.instanceId],
  ['ADDRESS', (n) => n.address],
  ['SSH', (n) => n.ssh],
]

const nodeColumns: Column<Node>[] = [
  ['NODE', (n) => n.alias],
  ['STATE', (n) => n.state],
  ['TYPE', (n) => n.instanceType],
  ['INSTANCE', (n) => n.id],
  ['ADDRESS', (n) => (n.isRunning() ? n.addr : '')],
  ['ZONE', (n) => n.placement],
  ['LAUNCHED', (n) => n.launchTime],
]

export async function renderManager(manager: ClusterManager, look: Look, signal: AbortSignal): Promise<string> {
  const clusters = await manager.listClusters({ signal })
  if (clusters.length === 0) return `${inspect(manager)}: no clusters; cm.startCluster('NAME') starts one`
  return `${inspect(manager)}\n${renderTable(clusters, clusterColumns, look)}`
}

export function renderListings(clusters: readonly ClusterListing[], look: Look): string {
  if (clusters.length === 0) return 'No clusters'
  const each = clusters.map((cluster) => {
    const launched = cluster.launchTime ? `, launched ${minute(cluster.launchTime)}` : ''
    const place = [cluster.zone, cluster.keyname && `key pair ${cluster.keyname}`].filter(Boolean).join(', ')
    const end = cluster.ends ? `, ends ${minute(cluster.ends)}` : ''
    const head = `${cluster.tag}: ${states(cluster.nodes)}${place ? `; ${place}` : ''}${launched}${end}`
    return cluster.nodes.length === 0
      ? head
      : `${head}\n${indent(renderTable(cluster.nodes, listedNodeColumns, within(look)))}`
  })
  return each.join('\n')
}

export async function renderCluster(cluster: Cluster, look: Look, signal: AbortSignal): Promise<string> {
  const nodes = await cluster.getNodes({ signal })
  const plugins = cluster.plugins.length > 0 ? `, plugins ${cluster.plugins.join(', ')}` : ''
  const end = cluster.ends ? `, ends ${minute(cluster.ends)}` : ''
  const facts = `user ${cluster.clusterUser}, key pair ${cluster.keyname}${plugins}${end}${cluster.isProtected ? ', protected' : ''}`
  return [
    `Cluster ${cluster.tag} (region ${cluster.region.name}): ${states(nodes)}; ${facts}`,
    ...(nodes.length > 0 ? [renderNodes(nodes, look)] : []),
  ].join('\n')
}

export async function renderClusters(clusters: readonly Cluster[], look: Look, signal: AbortSignal): Promise<string> {
  const nodes = await Promise.all(clusters.map((cluster) => cluster.getNodes({ signal })))
  const columns: Column<number>[] = [
    ['CLUSTER', (i) => clusters[i]!.tag],
    ['NODES', (i) => nodes[i]!.length],
    ['STATE', (i) => states(nodes[i]!)],
    ['USER', (i) => clusters[i]!.clusterUser],
    ['KEY PAIR', (i) => clusters[i]!.keyname],
    ['PLUGINS', (i) => clusters[i]!.plugins],
  ]
  return renderTable([...clusters.keys()], columns, look)
}

export function renderNodes(nodes: readonly Node[], look: Look): string {
  return renderTable(nodes, nodeColumns, look)
}

export function renderNode(node: Node, look: Look): string {
  const facts: [string, unknown][] = [
    ['state', node.state],
    ['type', node.instanceType],
    ['image', node.imageId],
    ['address', node.ipAddress],
    ['private', [node.privateIpAddress, node.privateDnsName].filter(Boolean).join(' ')],
    ['zone', node.placement],
    ['key pair', node.keyName],
    ['launched', node.launchTime && `${minute(node.launchTime)}, up ${node.uptime}`],
    ['volumes', [...node.attachedVols].map(([device, id]) => `${device} ${id}`)],
    ['groups', node.groups.map(({ name }) => name)],
  ]
  const cluster = node.parentCluster ? `, cluster ${node.parentCluster}` : ''
  return `Node ${node.alias} (${node.id}${cluster})\n${renderFacts(facts, look)}`
}

/** In this computer's zone. */
const minute = (time: Date): string => time.toLocaleString('sv-SE').slice(0, 16)

/** `master,node[001-002] running`. */
function states(nodes: readonly { readonly alias: string; readonly state: string }[]): string {
  const aliases = new Map<string, string[]>()
  for (const { alias, state } of nodes) aliases.set(state, [...(aliases.get(state) ?? []), alias])
  return [...aliases].map(([state, names]) => `${foldNodeNames(names)} ${state}`).join(', ') || 'no nodes'
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

function within(look: Look): Look {
  return { ...look, columns: look.columns - 2 }
}
