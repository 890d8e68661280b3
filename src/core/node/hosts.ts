import { sh } from '../ssh/quote.js'
import type { InstanceView } from './instance-view.js'
import type { RemoteNode } from './remote-node.js'
import { runScript } from './scripts/run-script.js'
import { hostnameStep } from './scripts/steps.js'

type Peer = Pick<InstanceView, 'alias' | 'privateIpAddress'>

/** The node's line in `/etc/hosts` of the others. */
export function hostsEntry(node: Peer): string {
  return `${node.privateIpAddress} ${node.alias}`
}

/** Sets the host name now and for later boots. @throws InvalidHostname */
export async function setHostname(node: RemoteNode, name: string): Promise<void> {
  await runScript(node.ssh, [hostnameStep(name)])
}

/** Adds or replaces the lines of these nodes; lines of other nodes stay. */
export async function addToEtcHosts(node: RemoteNode, peers: readonly Peer[]): Promise<void> {
  await editEtcHosts(node, peers, peers.map((peer) => `${hostsEntry(peer)}\n`).join(''))
}

export async function removeFromEtcHosts(node: RemoteNode, peers: readonly Peer[]): Promise<void> {
  await editEtcHosts(node, peers, '')
}

/** Drops the peers' names from every line, compared as whole names, and writes `lines` into our block. */
async function editEtcHosts(node: RemoteNode, peers: readonly Peer[], lines: string): Promise<void> {
  const names = peers.map(({ alias }) => `${alias}\n`).join('')
  await runScript(node.ssh, [
    { name: 'hosts', command: sh`sc_edit_block hosts /etc/hosts 644 root:root starcluster ${names} ${lines}` },
  ])
}
