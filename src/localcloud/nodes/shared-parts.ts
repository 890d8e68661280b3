import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { CloudLog } from '../cloud.js'
import { InstanceMetadataService } from '../imds/imds.js'
import { type DiskPaths, makePassage } from './disk-paths.js'
import { EgressGuard } from './egress.js'
import type { MetadataSource } from './engine.js'
import { HopLimits } from './hop-limits.js'
import { NodeLinks } from './links.js'
import { NetworkChild, type PublicAddress } from './netd.js'
import { isOpen, type NetworkPolicy, portsOpenToHost } from './network-policy.js'
import { applyPolicyRules } from './policy-rules.js'
import { PortForwards } from './port-forwards.js'
import type { PublicPort } from './public-ports.js'
import { Supervisor } from './supervisor.js'
import type { WireLine } from './supervisor-wire.js'

interface SharedOptions {
  readonly paths: DiskPaths
  readonly diskRoot: string
  readonly network: string
  readonly domain: string
  readonly egress: boolean
  readonly sshPort: number
  readonly metadata: MetadataSource
  /** Takes a node's connection to the cloud's API; missing: there is none. */
  readonly api?: (socket: Socket, from: string) => void
  readonly log: CloudLog
  /** As told last; none: nothing is filtered. */
  readonly policy: () => NetworkPolicy | undefined
  /** Whether the engine is booting this node itself, and so hears of it as an answer. */
  readonly isBooting: (id: string) => boolean
  /** A node ended by itself. */
  readonly onExit: (id: string) => void
  /** The supervisor went away, and with it every node. */
  readonly onLost: () => void
}

const SSH = 22

/** What the nodes of a home have in common: their supervisor, their network and the addresses they are reached at. */
export class SharedParts {
  /** Nodes that run as far as we were told, and where they are reached. */
  private readonly running = new Map<string, PublicAddress>()
  /** A node's port is opened or closed by one at a time. */
  private readonly turns = new Map<string, Promise<void>>()
  private readonly ports: PortForwards
  readonly links: NodeLinks
  private readonly hops: HopLimits
  private readonly guard: EgressGuard
  private watcher: { close(): void } | undefined

  private constructor(
    private readonly options: SharedOptions,
    readonly supervisor: Supervisor,
    private readonly network: NetworkChild,
  ) {
    const { policy, log } = options
    const pids = async () => new Map((await supervisor.list()).map((node) => [node.id ?? '', Number(node.host_pid)]))
    this.links = new NodeLinks(supervisor.enterNetwork)
    this.hops = new HopLimits(supervisor.enterNetwork, (message) => log.warn(message))
    this.guard = new EgressGuard(supervisor.enterNetwork, (error) =>
      log.error(`rules of the way out: ${error.message}`),
    )
    this.ports = new PortForwards({ network, policy, log, running: this.running, pids })
  }

  /** Finds or makes them, and adopts the nodes that run. */
  static async open(options: SharedOptions): Promise<SharedParts> {
    const { paths, diskRoot, sshPort, log } = options
    await makePassage(diskRoot, paths.images, paths.layers, join(diskRoot, 'homes'), paths.home, paths.nodes)
    const { home, images } = paths
    const supervisor = await Supervisor.open({ home, images, network: options.network, egress: options.egress })
    const imds = new InstanceMetadataService(options.metadata)
    const network = new NetworkChild({
      enterNetwork: supervisor.enterNetwork,
      sshPort,
      imds,
      api: options.api ?? ((socket) => void socket.destroy()),
      names: {
        domain: options.domain,
        network: options.network,
        address: NAME_SERVER,
        upstream: nameServerOf(options.network),
      },
      log,
    })
    const parts = new SharedParts(options, supervisor, network)
    parts.watcher = await supervisor.watch(
      (event) => parts.heard(event),
      () => parts.lost(),
    )
    try {
      await parts.guard.start()
      await parts.links.start()
      await network.start()
      const policy = options.policy()
      if (policy) await parts.setPolicy(policy)
      await parts.adopt()
    } catch (error) {
      await parts.close()
      throw error
    }
    return parts
  }

  /** Lets the host reach a node's sshd. */
  async openPort(address: PublicAddress): Promise<void> {
    if (this.running.has(address.key)) return
    this.running.set(address.key, address)
    try {
      await this.links.noteNode()
      await this.admit(address)
    } catch (error) {
      this.running.delete(address.key)
      throw error
    }
  }

  /** Ports of a node, besides ssh, that the host reaches. */
  publicPorts(id: string): PublicPort[] {
    return this.ports.list(id)
  }

  /** In force when it resolves: between the nodes at once as a whole, then from the host. */
  async setPolicy(policy: NetworkPolicy): Promise<void> {
    const { enterNetwork } = this.supervisor
    await Promise.all([
      applyPolicyRules(enterNetwork, policy, nameServerOf(this.options.network)),
      this.hops.follow(policy),
    ])
    const complain = (error: Error) => this.options.log.error(error.message)
    await Promise.all([...this.running.values()].map((address) => this.admit(address).catch(complain)))
    await this.ports.refresh().catch(complain)
  }

  closePort(id: string): void {
    this.running.delete(id)
    this.network.remove(id)
    this.ports.drop(id)
  }

  async close(): Promise<void> {
    this.watcher?.close()
    this.guard.close()
    this.ports.close()
    await this.network.close()
  }

  private async adopt(): Promise<void> {
    for (const node of await this.supervisor.list()) {
      if (node.state === 'stopped') continue
      const address = { key: node.id!, publicIp: node.public ?? '', privateIp: node.ip! }
      this.running.set(address.key, address)
      // One that is just rebooting says when it is there.
      if (node.state === 'running') await this.admit(address)
    }
  }

  /** Lets the host in where the rules do. Connections that are there go on, as on EC2. */
  private admit(address: PublicAddress): Promise<void> {
    const { key } = address
    const before = this.turns.get(key) ?? Promise.resolve()
    const turn = before.catch(() => undefined).then(() => this.admitNow(address))
    const end = () => this.turns.get(key) === turn && this.turns.delete(key)
    this.turns.set(key, turn)
    turn.then(end, end)
    return turn
  }

  private async admitNow(address: PublicAddress): Promise<void> {
    if (this.running.get(address.key) !== address) return
    const policy = this.options.policy()
    const open = !policy || isOpen(portsOpenToHost(policy, address.key), SSH)
    // Without an address it would listen on all of the host's.
    if (open && address.publicIp !== '') await this.network.add(address)
    else this.network.shut(address.key)
    // It ended meanwhile.
    if (this.running.get(address.key) !== address) this.network.remove(address.key)
  }

  private heard(event: WireLine): void {
    const id = event.fields.id ?? ''
    // What was asked for is answered where it was asked.
    if (event.fields.asked || this.options.isBooting(id)) return
    if (event.word === 'running') this.reopenPort(id)
    if (event.word !== 'ended') return
    if (event.fields.again) {
      this.network.remove(id)
      this.ports.drop(id)
      return
    }
    this.options.log.info(`node ${id} ended`)
    this.closePort(id)
    this.options.onExit(id)
  }

  /** A node that rebooted by itself is reached again once its sshd listens; until then connections are refused. */
  private reopenPort(id: string): void {
    const address = this.running.get(id)
    const complain = (error: Error) => this.options.log.error(`node ${id} cannot be reached: ${error.message}`)
    if (address) this.links.noteNode().catch(complain)
    if (address) this.admit(address).catch(complain)
  }

  private lost(): void {
    this.options.log.error('the supervisor of the nodes ended, and with it all nodes')
    this.options.onLost()
    for (const id of this.running.keys()) this.options.onExit(id)
    this.running.clear()
  }
}

/** Where nodes ask for names. */
export const NAME_SERVER = '169.254.169.253'

/** The third host of the network: knows what the host's own name server knows. */
export const nameServerOf = (network: string) => network.replace(/\.\d+\/.*$/, '.3')
