import { onEach } from '../ssh/fan-out.js'
import { sh } from '../ssh/quote.js'
import { NodeError } from './errors.js'
import type { InstanceView } from './instance-view.js'
import type { RemoteNode } from './remote-node.js'
import { asUser } from './scripts/as-user.js'
import { runScript } from './scripts/run-script.js'
import { knownHostsLines, type Peer } from './scripts/steps.js'
import { lookUpUser } from './users.js'

/** Public host keys of a node in authorized_keys form: ed25519 where it has one, else all it has. */
async function readHostKeys(node: RemoteNode): Promise<string[]> {
  const { stdout } = await node.ssh.execute('cat /etc/ssh/ssh_host_*_key.pub', { sourceProfile: false })
  return preferredHostKeys(stdout)
}

/** One good key is enough to know a host by; an RSA key would make known_hosts four times as long. */
export function preferredHostKeys(text: string): string[] {
  const keys = text.split('\n').filter((line) => /^(ssh|ecdsa|sk)-\S+ \S+/.test(line))
  const ed25519 = keys.filter((line) => line.startsWith('ssh-ed25519 '))
  return ed25519.length > 0 ? ed25519 : keys
}

export interface GenerateKeyOptions {
  /** Authorise the new key for the user's own account. */
  readonly authNewKey?: boolean
  /** Authorise the key we log in with, too. */
  readonly authConnKey?: boolean
  /** Make a new key even where there is one. */
  readonly ignoreExisting?: boolean
}

/** Makes (or reuses) `~/.ssh/id_ed25519` of a user. @returns the public key in authorized_keys form */
export async function generateKeyForUser(
  node: RemoteNode,
  user: string,
  loginKey: () => Promise<string>,
  options: GenerateKeyOptions = {},
): Promise<string> {
  const directory = `${await homeOf(node, user)}/.ssh`
  const key = `${directory}/id_ed25519`
  const authorized = `${directory}/authorized_keys`
  const steps = [sh`sc_key ed25519 ${key}`]
  if (options.ignoreExisting) steps.unshift(sh`rm -f ${key} ${`${key}.pub`}`)
  if (options.authNewKey) steps.push(sh`sc_line ${authorized} 600 "$sc_owner" "$(cat ${`${key}.pub`})"`)
  if (options.authConnKey) steps.push(sh`sc_line ${authorized} 600 "$sc_owner" ${(await loginKey()).trim()}`)
  steps.push(sh`cat ${`${key}.pub`}`)
  const { stdout } = await runScript(node.ssh, [{ name: 'user-key', command: asUser(user, steps) }])
  const line = stdout.split('\n').find((text) => text.startsWith('ssh-ed25519 '))
  if (line === undefined) throw new NodeError(`${node.alias} did not tell the public key of ${user}`)
  return line
}

/** Adds the nodes' host keys to the user's `~/.ssh/known_hosts`, replacing what it has under these names. */
export async function addToKnownHosts(
  node: RemoteNode,
  user: string,
  nodes: readonly (RemoteNode & InstanceView)[],
): Promise<void> {
  const peers = await onEach(nodes, async (peer) => toPeer(peer, await readHostKeys(peer)))
  await editKnownHosts(node, user, peers, knownHostsLines(peers))
}

export async function removeFromKnownHosts(
  node: RemoteNode,
  user: string,
  nodes: readonly InstanceView[],
): Promise<void> {
  const peers = nodes.map((peer) => toPeer(peer, []))
  await editKnownHosts(node, user, peers, '')
}

/** Passwordless ssh for a user from this node to `nodes` and among them; each node keeps a key of its own. */
export async function enablePasswordlessSsh(
  node: RemoteNode & InstanceView,
  user: string,
  nodes: readonly (RemoteNode & InstanceView)[],
  loginKey: () => Promise<string>,
): Promise<void> {
  const all = [...new Map([node, ...nodes].map((one) => [one.id, one])).values()]
  const keys = await onEach(all, (one) => generateKeyForUser(one, user, loginKey))
  const peers = await onEach(all, async (one) => toPeer(one, await readHostKeys(one)))
  await onEach(all, async (one) => {
    const authorized = `${await homeOf(one, user)}/.ssh/authorized_keys`
    const lines = [...new Set(keys)].map((key) => sh`sc_line ${authorized} 600 "$sc_owner" ${key}`)
    await runScript(one.ssh, [{ name: 'authorized-keys', command: asUser(user, lines) }])
    await editKnownHosts(one, user, peers, knownHostsLines(peers))
  })
}

/** A node as other nodes know it. */
export function toPeer(node: InstanceView, hostKeys: readonly string[]): Peer {
  const { alias, privateIpAddress, privateDnsName, privateDnsNameShort } = node
  return {
    alias,
    privateIp: privateIpAddress,
    privateNames: [privateDnsName, privateDnsNameShort].filter((name) => name !== ''),
    hostKeys,
  }
}

async function editKnownHosts(node: RemoteNode, user: string, peers: readonly Peer[], lines: string): Promise<void> {
  const file = `${await homeOf(node, user)}/.ssh/known_hosts`
  const names = peers.flatMap(({ alias, privateIp, privateNames }) => [alias, privateIp, ...privateNames])
  const edit = sh`sc_edit_block known ${file} 600 "$sc_owner" starcluster ${names.map((name) => `${name}\n`).join('')} ${lines}`
  await runScript(node.ssh, [{ name: 'known-hosts', command: asUser(user, [edit]) }])
}

async function homeOf(node: RemoteNode, user: string): Promise<string> {
  const entry = await lookUpUser(node, user)
  if (entry) return entry.pw_dir
  throw new NodeError(`${node.alias} has no user ${user}`)
}
