import { inspect } from 'node:util'
import type { EC2, Instance } from '@aws-sdk/client-ec2'
import { SSHAuthException, SSHConnectionError } from '../ssh/errors.js'
import type { Command } from '../ssh/quote.js'
import { waitFor } from '../wait.js'
import type { GroupEntry, PasswdEntry } from './accounts.js'
import * as devices from './block-devices.js'
import { type Mount, parseMemoryMiB } from './facts.js'
import * as hosts from './hosts.js'
import { InstanceControl } from './instance-control.js'
import * as keys from './keys.js'
import type { SshTarget, SshTargetOptions } from './login.js'
import * as mounts from './mounts.js'
import type { NodeConnection } from './node-connection.js'
import * as packages from './packages.js'
import { RemoteFiles } from './remote-files.js'
import * as users from './users.js'

/** What a node is made of besides its instance. */
export interface NodeDeps {
  readonly ec2: EC2
  /** Name of the region. */
  readonly region: string
  readonly connection: NodeConnection
}

/** One machine of a cluster: an EC2 instance we can run commands on. Everything on the node is done as root. */
export class Node extends InstanceControl {
  /** @param alias `master`, `node001`, ... */
  constructor(
    readonly alias: string,
    instance: Instance,
    private readonly deps: NodeDeps,
  ) {
    super(instance)
  }

  get ec2(): EC2 {
    return this.deps.ec2
  }
  get region(): { readonly name: string } {
    return { name: this.deps.region }
  }
  /** File of the private key that opens this node. */
  get keyLocation(): string {
    return this.deps.connection.keyLocation
  }
  /** Runs commands on the node, as root; connects at the first one. */
  get ssh() {
    return this.deps.connection.client(this)
  }
  /** The same as another user, who lets the same key in. */
  sshAs(user: string) {
    return this.deps.connection.client(this, user)
  }
  /** As another user, over a connection of its own; close it. */
  newSshAs(user: string) {
    return this.deps.connection.newClient(user, this)
  }
  /** Public half of that key, in authorized_keys form. */
  async loginPublicKey(): Promise<string> {
    return this.deps.connection.loginPublicKey()
  }
  /** How to log in with the system's ssh: program and arguments. @throws InstanceNotRunning, KeyNotFound, HostKeyUnknown */
  async shell(options?: SshTargetOptions): Promise<SshTarget> {
    return this.deps.connection.target(this, options)
  }

  /** Runs, and sshd lets us in. */
  async isUp(): Promise<boolean> {
    return (await this.update()) === 'running' && this.isSshUp()
  }
  /** sshd lets us in. A host key that changed is no "not yet" and is thrown. */
  async isSshUp(): Promise<boolean> {
    if (this.addr === '') return false
    try {
      await this.ssh.connect()
      return true
    } catch (error) {
      if (error instanceof SSHConnectionError || error instanceof SSHAuthException) return false
      throw error
    }
  }
  /** Waits until the node is up. @throws WaitTimeoutError */
  async wait({ timeoutMs = 900_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    const probe = async () => (await this.isUp()) || undefined
    await waitFor(`${this.alias} to be up`, probe, { timeoutMs, intervalMs: 1000, ...(signal ? { signal } : {}) })
  }

  /** CPUs the node may use. */
  async numProcessors(): Promise<number> {
    return Number((await this.ssh.execute('nproc', { sourceProfile: false })).stdout.trim())
  }
  /** Memory in MiB, with fractions. */
  async memory(): Promise<number> {
    return parseMemoryMiB((await this.ssh.execute('cat /proc/meminfo', { sourceProfile: false })).stdout)
  }
  /** All mounts, in the order they were made. */
  async getMounts(): Promise<Mount[]> {
    return mounts.getMounts(this)
  }
  /** Mounts by device; of several mounts of one device the last. */
  async getMountMap(): Promise<Map<string, Mount>> {
    return mounts.getMountMap(this)
  }
  /** Disks by device (`/dev/xvda`), with their sizes in KiB. */
  async getDeviceMap(): Promise<Map<string, number>> {
    return devices.getDeviceMap(this)
  }
  /** Partitions by device: first and last sector, size in KiB, type; of one disk when it is named. */
  async getPartitionMap(device?: string): Promise<Map<string, devices.Partition>> {
    return devices.getPartitionMap(this, device)
  }

  /** Accounts by name, or by uid. */
  async getUserMap(keyByUid?: false): Promise<Map<string, PasswdEntry>>
  async getUserMap(keyByUid: true): Promise<Map<number, PasswdEntry>>
  async getUserMap(keyByUid = false): Promise<Map<string | number, PasswdEntry>> {
    return new Map((await users.getPasswd(this)).map((entry) => [keyByUid ? entry.pw_uid : entry.pw_name, entry]))
  }
  /** Groups by name, or by gid. */
  async getGroupMap(keyByGid?: false): Promise<Map<string, GroupEntry>>
  async getGroupMap(keyByGid: true): Promise<Map<number, GroupEntry>>
  async getGroupMap(keyByGid = false): Promise<Map<string | number, GroupEntry>> {
    return new Map((await users.getGroups(this)).map((entry) => [keyByGid ? entry.gr_gid : entry.gr_name, entry]))
  }
  /** The account of that name, with `pw_uid`, `pw_dir`, `pw_shell`, ...; undefined when there is none. */
  async getpwnam(name: string): Promise<PasswdEntry | undefined> {
    return users.lookUpUser(this, name)
  }
  async getpwuid(uid: number): Promise<PasswdEntry | undefined> {
    return users.lookUpUser(this, uid)
  }
  /** The group of that name, with `gr_gid`, `gr_mem`, ...; undefined when there is none. */
  async getgrnam(name: string): Promise<GroupEntry | undefined> {
    return users.lookUpGroup(this, name)
  }
  async getgrgid(gid: number): Promise<GroupEntry | undefined> {
    return users.lookUpGroup(this, gid)
  }
  /** Makes the account with its home, or brings an existing one to these ids and shell. Without a uid: the next free one. */
  async addUser(name: string, uid?: number, gid?: number, shell = 'bash'): Promise<void> {
    await users.addUser(this, name, {
      shell,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    })
  }
  /** Removes the account and the group of its name; its home stays. */
  async removeUser(name: string): Promise<void> {
    await users.removeUser(this, name)
  }
  /** Makes the group when there is none of that name. */
  async addUserToGroup(user: string, group: string): Promise<void> {
    await users.addUserToGroup(this, user, group)
  }

  /** Makes or reuses the user's ed25519 key on this node. @returns the public key @throws NodeError without that user */
  async generateKeyForUser(user: string, options?: keys.GenerateKeyOptions): Promise<string> {
    return keys.generateKeyForUser(this, user, () => this.loginPublicKey(), options)
  }
  /** Tells the user's ssh the host keys of these nodes, under all their names. */
  async addToKnownHosts(user: string, nodes: readonly Node[], addSelf = true): Promise<void> {
    const others = nodes.filter((node) => node.id !== this.id)
    await keys.addToKnownHosts(this, user, addSelf ? [this, ...others] : others)
  }
  async removeFromKnownHosts(user: string, nodes: readonly Node[]): Promise<void> {
    await keys.removeFromKnownHosts(this, user, nodes)
  }
  /** The user reaches these nodes from this one and from each other, each with a key of its own. */
  async enablePasswordlessSsh(user: string, nodes: readonly Node[]): Promise<void> {
    await keys.enablePasswordlessSsh(this, user, nodes, () => this.loginPublicKey())
  }

  /** Copies a file of this node with its mode and owner to other nodes, by way of this computer. */
  async copyRemoteFileToNodes(file: string, nodes: readonly Node[], destination = file): Promise<void> {
    await new RemoteFiles(this).copyTo(file, nodes, destination)
  }
  async copyRemoteFileToNode(file: string, node: Node, destination = file): Promise<void> {
    await this.copyRemoteFileToNodes(file, [node], destination)
  }

  async startNfsServer(): Promise<void> {
    await mounts.startNfsServer(this)
  }
  /** Exports paths to these nodes too. */
  async exportFsToNodes(nodes: readonly Node[], paths: readonly string[] = ['/home']): Promise<void> {
    await mounts.exportFsToNodes(this, nodes, paths)
  }
  /** Takes back what is exported to these nodes: these paths, or all. */
  async stopExportingFsToNodes(nodes: readonly Node[], paths?: readonly string[]): Promise<void> {
    await mounts.stopExportingFsToNodes(this, nodes, paths)
  }
  /** Mounts paths of a server under the same paths, now and at every boot. */
  async mountNfsShares(server: Node, paths: readonly string[]): Promise<void> {
    await mounts.mountNfsShares(this, server, paths)
  }
  /** Mounts a device at a path, now and at every boot; it must have a file system. */
  async mountDevice(device: string, path: string): Promise<void> {
    await mounts.mountDevice(this, device, path)
  }

  /** Lines for these nodes in `/etc/hosts`; lines for others stay. */
  async addToEtcHosts(nodes: readonly Node[]): Promise<void> {
    await hosts.addToEtcHosts(this, nodes)
  }
  async removeFromEtcHosts(nodes: readonly Node[]): Promise<void> {
    await hosts.removeFromEtcHosts(this, nodes)
  }
  /** This node's line for the `/etc/hosts` of others. */
  getHostsEntry(): string {
    return hosts.hostsEntry(this)
  }
  /** Sets the host name now and for later boots. @throws InvalidHostname */
  async setHostname(name: string = this.alias): Promise<void> {
    await hosts.setHostname(this, name)
  }

  /** `apt`, `yum` (for dnf too), or undefined. */
  async packageProvider(): Promise<packages.PackageProvider | undefined> {
    return packages.packageProvider(this)
  }
  /** Installs with the package tool the node has; names in a list or separated by blanks. @throws NodeError without one */
  async packageInstall(names: packages.Packages): Promise<void> {
    await packages.packageInstall(this, names)
  }
  /** Runs apt-get with these arguments, unattended. */
  async aptCommand(args: Command): Promise<void> {
    await packages.aptCommand(this, args)
  }
  /** Refreshes the package lists, then installs. */
  async aptInstall(names: packages.Packages): Promise<void> {
    await packages.aptInstall(this, names)
  }
  /** Runs dnf, or yum where there is no dnf, with these arguments, unattended. */
  async yumCommand(args: Command): Promise<void> {
    await packages.yumCommand(this, args)
  }
  async yumInstall(names: packages.Packages): Promise<void> {
    await packages.yumInstall(this, names)
  }

  close(): void {
    this.deps.connection.close()
  }
  override toString(): string {
    return this.alias
  }
  [inspect.custom](): string {
    return `Node ${this.alias} (${this.id}, ${this.state}${this.addr ? `, ${this.addr}` : ''})`
  }
}
