import { ShellCommand, sh } from '../../ssh/quote.js'
import { checkHostname } from '../aliases.js'
import { asUser } from './as-user.js'
import type { ScriptStep } from './run-script.js'

/** A node as other nodes know it. */
export interface Peer {
  readonly alias: string
  readonly privateIp: string
  /** Host names inside the network, e.g. `ip-10-78-0-5.ec2.internal`. */
  readonly privateNames: readonly string[]
  /** Public host keys in authorized_keys form. */
  readonly hostKeys: readonly string[]
}

/** An account to be the same on every node. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Path or name of the login shell. */
  readonly shell: string
  readonly home: string
}

/** Options of an NFS export: fast rather than safe on power loss, as clusters want it. */
const exportOptions = 'async,no_root_squash,no_subtree_check,rw'
/** Not before the volume is mounted: a client would keep the empty directory below. Source: exports(5), mountpoint. */
const volumeExportOptions = `${exportOptions},mp`
const mountOptions = 'rw,hard,nofail,_netdev'

export function hostnameStep(name: string): ScriptStep {
  checkHostname(name)
  return { name: 'hostname', command: sh`sc_hostname ${name}` }
}

/** `/etc/hosts` with a line for every peer, and no other line that gives one of these names. */
export function hostsStep(peers: readonly Pick<Peer, 'alias' | 'privateIp'>[]): ScriptStep {
  const text = peers.map(({ alias, privateIp }) => `${privateIp} ${alias}\n`).join('')
  return { name: 'hosts', command: sh`sc_block hosts /etc/hosts 644 root:root starcluster ${text}` }
}

/** `known_hosts` lines for peers: each key under every name the peer is reached by. */
export function knownHostsLines(peers: readonly Peer[]): string {
  return peers
    .flatMap(({ alias, privateIp, privateNames, hostKeys }) => {
      const names = [...new Set([alias, privateIp, ...privateNames])].join(',')
      return hostKeys.map((key) => `${names} ${key.trim().split(/\s+/).slice(0, 2).join(' ')}\n`)
    })
    .join('')
}

/** Host keys of all peers for every user of the node. Source: sshd(8) on `/etc/ssh/ssh_known_hosts`. */
export function knownHostsStep(peers: readonly Peer[]): ScriptStep {
  const command = sh`sc_block known /etc/ssh/ssh_known_hosts 644 root:root starcluster ${knownHostsLines(peers)}`
  return { name: 'known-hosts', command }
}

export function accountStep({ name, uid, gid, shell, home }: Account): ScriptStep {
  return { name: 'user', command: sh`sc_account ${name} ${uid} ${gid} ${shell} ${home}` }
}

export function homeStep({ name, home }: Pick<Account, 'name' | 'home'>): ScriptStep {
  return { name: 'home', command: sh`sc_home ${name} ${home}` }
}

/** A place on the node's own disk for the user's temporary data: `/scratch/<user>`. */
export function scratchStep(user: string): ScriptStep {
  const disk = `/mnt/${user}`
  const link = `/scratch/${user}`
  return {
    name: 'scratch',
    command: sh`sc_directory ${disk} 755 ${user}:"$(id -gn ${user})"
sc_directory /scratch 755 root:root
sc_link ${disk} ${link}`,
  }
}

export function nfsServerStep(): ScriptStep {
  return { name: 'nfs-server', command: sh`sc_nfs_server` }
}

/** Exports a path to exactly these clients (addresses). None: takes the export back. `volume`: something is mounted there. */
export function exportsStep(path: string, clients: readonly string[], volume = false): ScriptStep {
  const lines = exportLines(path, clients, volume ? volumeExportOptions : exportOptions)
  return { name: 'nfs-exports', command: sh`sc_exports ${exportsBlock(path)} ${lines}` }
}

/** Exports a path to these clients too. */
export function exportToStep(path: string, clients: readonly string[]): ScriptStep {
  const command = sh`sc_export_to ${exportsBlock(path)} ${clientWords(clients)} ${exportLines(path, clients)}`
  return { name: 'nfs-exports', command }
}

/** Takes exports to these clients back: of these paths, or of all paths we export. */
export function stopExportingStep(clients: readonly string[], paths: readonly string[] | undefined): ScriptStep {
  const words = clientWords(clients)
  const command = paths
    ? lines(paths.map((path) => sh`sc_export_to ${exportsBlock(path)} ${words} ''`))
    : sh`sc_export_blocks | while IFS= read -r sc_block_name; do sc_export_to "$sc_block_name" ${words} ''; done`
  return { name: 'nfs-exports', command }
}

/** Name of the block in `/etc/exports` for one path. */
const exportsBlock = (path: string): string => `starcluster ${path}`

/** One line a client, so that a client can be added or taken out without touching the others. Source: exports(5). */
const exportLines = (path: string, clients: readonly string[], options = exportOptions): string =>
  clients.map((client) => `${path} ${client}(${options})\n`).join('')

const clientWords = (clients: readonly string[]): string =>
  clients.map((client) => `${client}(${exportOptions})\n`).join('')

export function mountStep(server: string, paths: readonly string[]): ScriptStep {
  return {
    name: 'nfs-mounts',
    command: lines(paths.map((path) => sh`sc_mount_nfs ${`${server}:${path}`} ${path} ${mountOptions}`)),
  }
}

/** Takes back what makes a node part of a cluster: its mounts, the names and keys of the others, their way in. */
export function leaveStep(
  { alias, privateIp }: Pick<Peer, 'alias' | 'privateIp'>,
  paths: readonly string[],
): ScriptStep {
  const blocks = sh`sc_block hosts /etc/hosts 644 root:root starcluster ${`${privateIp} ${alias}\n`}
sc_block known /etc/ssh/ssh_known_hosts 644 root:root starcluster ''
sc_block plain /root/.ssh/authorized_keys 600 root:root starcluster ''`
  return { name: 'leave', command: lines([...paths.map((path) => sh`sc_umount_nfs ${path}`), blocks]) }
}

/** root's own key and who may log in as root: every node of the cluster with its own key. No private key travels. */
export function authorizeRootStep(publicKeys: readonly string[]): ScriptStep {
  const lines = publicKeys.map((key) => `${key.trim()}\n`).join('')
  return {
    name: 'root-keys',
    command: sh`sc_directory /root/.ssh 700 root:root
sc_block plain /root/.ssh/authorized_keys 600 root:root starcluster ${lines}`,
  }
}

/** The user's key, authorised together with `loginKeys`; run where the home is. */
export function userKeysStep({ name, home }: Pick<Account, 'name' | 'home'>, loginKeys: readonly string[]): ScriptStep {
  const key = `${home}/.ssh/id_ed25519`
  const others = loginKeys.map((line) => `${line.trim()}\n`).join('')
  const steps = [
    sh`sc_key ed25519 ${key}`,
    sh`sc_block plain ${`${home}/.ssh/authorized_keys`} 600 "$sc_owner" starcluster ${others}"$(cat ${`${key}.pub`})
"`,
  ]
  return { name: 'user-keys', command: asUser(name, steps) }
}

/** Commands one after the other. */
function lines(commands: readonly ShellCommand[]): ShellCommand {
  return new ShellCommand(commands.map(({ text }) => text).join('\n'))
}
