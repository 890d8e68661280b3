import { join } from 'node:path'
import type { CloudLog } from '../cloud.js'
import { InstanceMetadataService } from '../imds/imds.js'
import { type DiskPaths, makePassage } from './disk-paths.js'
import type { MetadataSource } from './engine.js'
import { NetworkChild, type PublicAddress } from './netd.js'
import { Supervisor } from './supervisor.js'
import type { WireLine } from './supervisor-wire.js'

interface SharedOptions {
  readonly paths: DiskPaths
  readonly diskRoot: string
  readonly network: string
  readonly egress: boolean
  readonly sshPort: number
  readonly metadata: MetadataSource
  readonly log: CloudLog
  /** Whether the engine is booting this node itself, and so hears of it as an answer. */
  readonly isBooting: (id: string) => boolean
  /** A node ended by itself. */
  readonly onExit: (id: string) => void
  /** The supervisor went away, and with it every node. */
  readonly onLost: () => void
}

/** What the nodes of a home have in common: their supervisor, their network and the addresses they are reached at. */
export class SharedParts {
  /** Nodes that run as far as we were told, and where they are reached. */
  private readonly running = new Map<string, PublicAddress>()
  private watcher: { close(): void } | undefined

  private constructor(
    private readonly options: SharedOptions,
    readonly supervisor: Supervisor,
    private readonly network: NetworkChild,
  ) {}

  /** Finds or makes them, and adopts the nodes that run. */
  static async open(options: SharedOptions): Promise<SharedParts> {
    const { paths, diskRoot, sshPort, log } = options
    await makePassage(diskRoot, paths.images, paths.layers, join(diskRoot, 'homes'), paths.home, paths.nodes)
    const { home, images } = paths
    const supervisor = await Supervisor.open({ home, images, network: options.network, egress: options.egress })
    const imds = new InstanceMetadataService(options.metadata)
    const network = new NetworkChild({ holderPid: supervisor.holderPid, sshPort, imds, log })
    const parts = new SharedParts(options, supervisor, network)
    parts.watcher = await supervisor.watch(
      (event) => parts.heard(event),
      () => parts.lost(),
    )
    try {
      await network.start()
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
    await this.network.add(address)
    this.running.set(address.key, address)
  }

  closePort(id: string): void {
    this.running.delete(id)
    this.network.remove(id)
  }

  async close(): Promise<void> {
    this.watcher?.close()
    await this.network.close()
  }

  private async adopt(): Promise<void> {
    for (const node of await this.supervisor.list()) {
      if (node.state === 'stopped') continue
      const address = { key: node.id!, publicIp: node.public!, privateIp: node.ip! }
      this.running.set(address.key, address)
      // One that is just rebooting says when it is there.
      if (node.state === 'running') await this.network.add(address)
    }
  }

  private heard(event: WireLine): void {
    const id = event.fields.id ?? ''
    // What was asked for is answered where it was asked.
    if (event.fields.asked || this.options.isBooting(id)) return
    if (event.word === 'running') this.reopenPort(id)
    if (event.word !== 'ended') return
    if (event.fields.again) {
      this.network.remove(id)
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
    if (address) this.network.add(address).catch(complain)
  }

  private lost(): void {
    this.options.log.error('the supervisor of the nodes ended, and with it all nodes')
    this.options.onLost()
    for (const id of this.running.keys()) this.options.onExit(id)
    this.running.clear()
  }
}
