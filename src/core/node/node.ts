import { inspect } from 'node:util'
import type { EC2, Instance, InstanceStateName } from '@aws-sdk/client-ec2'
import { SSHAuthException, SSHConnectionError } from '../ssh/errors.js'
import { waitFor } from '../wait.js'
import type { GroupEntry, PasswdEntry } from './accounts.js'
import { type Mount, parseMemoryMiB } from './facts.js'
import * as hosts from './hosts.js'
import { InstanceView } from './instance-view.js'
import * as keys from './keys.js'
import * as mounts from './mounts.js'
import type { NodeConnection } from './node-connection.js'
import * as packages from './packages.js'
import * as power from './power.js'
import { RemoteFiles } from './remote-files.js'
import * as users from './users.js'

/** What a node is made of besides its instance. */
export interface NodeDeps {
  readonly ec2: EC2
  /** Name of the region. */
  readonly region: string
  readonly connection: NodeConnection
}

/** One machine of a cluster: an EC2 instance we can run commands on. */
export class Node extends InstanceView {
  /** @param alias `master`, `node001`, ... */
  constructor(
    readonly alias: string,
    private latest: Instance,
    private readonly deps: NodeDeps,
  ) {
    super()
  }

  get instance(): Instance {
    return this.latest
  }
  get ec2(): EC2 {
    return this.deps.ec2
  }
  get region(): { readonly name: string } {
    return { name: this.deps.region }
  }
  /** Tag of the cluster this node belongs to. */
  get parentCluster(): string | undefined {
    return this.clusterGroups[0]?.name.slice('@sc-'.length)
  }
  /** File of the private key that opens this node. */
  get keyLocation(): string {
    return this.deps.connection.keyLocation
  }
  /** Runs commands on the node, as root; connects at the first one. */
  get ssh() {
    return this.deps.connection.client(this)
  }

  /** Public half of that key, in authorized_keys form. */
  async loginPublicKey(): Promise<string> {
    return this.deps.connection.loginPublicKey()
  }

  /** Takes over what a newer answer of EC2 says. */
  adopt(instance: Instance): this {
    this.latest = instance
    return this
  }
  /** Asks EC2 for the node's state now. @throws InstanceDoesNotExist */
  async update(signal?: AbortSignal): Promise<InstanceStateName> {
    this.latest = await power.describeInstance(this.ec2, this, signal)
    return this.state
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
  async start(): Promise<void> {
    await power.startInstance(this.ec2, this)
  }
  async stop(): Promise<void> {
    await power.stopInstance(this.ec2, this)
  }
  async terminate(): Promise<void> {
    await power.terminateInstance(this.ec2, this)
  }
  /** Stops the node when it can be started again, else terminates it. */
  async shutdown(): Promise<void> {
    await (this.isStoppable() ? this.stop() : this.terminate())
  }
  async reboot(): Promise<void> {
    await power.rebootInstance(this.ec2, this)
  }
  async addTag(key: string, value = ''): Promise<void> {
    await this.ec2.createTags({ Resources: [this.id], Tags: [{ Key: key, Value: value }] })
  }
  async removeTag(key: string): Promise<void> {
    await this.ec2.deleteTags({ Resources: [this.id], Tags: [{ Key: key }] })
  }

  async numProcessors(): Promise<number> {
    return Number((await this.ssh.execute('nproc', { sourceProfile: false })).stdout.trim())
  }
  /** Memory in MiB. */
  async memory(): Promise<number> {
    return parseMemoryMiB((await this.ssh.execute('cat /proc/meminfo', { sourceProfile: false })).stdout)
  }
  async getMounts(): Promise<Mount[]> {
    return mounts.getMounts(this)
  }
  /** Mounts by device; of several mounts of one device the last. */
  async getMountMap(): Promise<Map<string, Mount>> {
    return mounts.getMountMap(this)
  }

  /** Accounts by name. */
  async getUserMap(): Promise<Map<string, PasswdEntry>> {
    return new Map((await users.getPasswd(this)).map((entry) => [entry.pw_name, entry]))
  }
  /** Groups by name. */
  async getGroupMap(): Promise<Map<string, GroupEntry>> {
    return new Map((await users.getGroups(this)).map((entry) => [entry.gr_name, entry]))
  }
  async getpwnam(name: string): Promise<PasswdEntry | undefined> {
    return users.lookUpUser(this, name)
  }
  async getpwuid(uid: number): Promise<PasswdEntry | undefined> {
    return users.lookUpUser(this, uid)
  }
  async getgrnam(name: string): Promise<GroupEntry | undefined> {
    return users.lookUpGroup(this, name)
  }
  async getgrgid(gid: number): Promise<GroupEntry | undefined> {
    return users.lookUpGroup(this, gid)
  }
  async addUser(name: string, uid?: number, gid?: number, shell = 'bash'): Promise<void> {
    await users.addUser(this, name, {
      shell,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    })
  }
  async removeUser(name: string): Promise<void> {
    await users.removeUser(this, name)
  }
  async addUserToGroup(user: string, group: string): Promise<void> {
    await users.addUserToGroup(this, user, group)
  }

  /** Makes or reuses the user's key on this node. @returns the public key */
  async generateKeyForUser(user: string, options?: keys.GenerateKeyOptions): Promise<string> {
    return keys.generateKeyForUser(this, user, () => this.loginPublicKey(), options)
  }
  async addToKnownHosts(user: string, nodes: readonly Node[], addSelf = true): Promise<void> {
    const others = nodes.filter((node) => node.id !== this.id)
    await keys.addToKnownHosts(this, user, addSelf ? [this, ...others] : others)
  }
  async removeFromKnownHosts(user: string, nodes: readonly Node[]): Promise<void> {
    await keys.removeFromKnownHosts(this, user, nodes)
  }
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
  async mountNfsShares(server: Node, paths: readonly string[]): Promise<void> {
    await mounts.mountNfsShares(this, server, paths)
  }
  async mountDevice(device: string, path: string): Promise<void> {
    await mounts.mountDevice(this, device, path)
  }

  async addToEtcHosts(nodes: readonly Node[]): Promise<void> {
    await hosts.addToEtcHosts(this, nodes)
  }
  async removeFromEtcHosts(nodes: readonly Node[]): Promise<void> {
    await hosts.removeFromEtcHosts(this, nodes)
  }
  getHostsEntry(): string {
    return hosts.hostsEntry(this)
  }
  async setHostname(name: string = this.alias): Promise<void> {
    await hosts.setHostname(this, name)
  }

  async packageProvider(): Promise<packages.PackageProvider | undefined> {
    return packages.packageProvider(this)
  }
  /** Runs apt-get with these arguments, unattended. */
  async aptCommand(args: string): Promise<void> {
    await packages.aptCommand(this, args)
  }
  /** Refreshes the package lists, then installs; names in a list or separated by blanks. */
  async aptInstall(names: packages.Packages): Promise<void> {
    await packages.aptInstall(this, names)
  }
  async yumCommand(args: string): Promise<void> {
    await packages.yumCommand(this, args)
  }
  async yumInstall(names: packages.Packages): Promise<void> {
    await packages.yumInstall(this, names)
  }
  /** Installs with the package tool the node has. */
  async packageInstall(names: packages.Packages): Promise<void> {
    await packages.packageInstall(this, names)
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
