import type { CloudLog } from '../cloud.js'
import type { NetworkChild, PublicAddress } from './netd.js'
import { isOpen, type NetworkPolicy, portsOpenToHost } from './network-policy.js'
import { listeningPorts, type PublicPort, publicPortOf } from './public-ports.js'

interface PortForwardsOptions {
  readonly network: NetworkChild
  readonly policy: () => NetworkPolicy | undefined
  readonly log: CloudLog
  /** The nodes that run, by id. */
  readonly running: ReadonlyMap<string, PublicAddress>
  /** Host pids of the nodes, by id. */
  readonly pids: () => Promise<ReadonlyMap<string, number>>
}

const SSH = 22
const PER_NODE = 64
const LOOK_EVERY_MS = 1000

/** Lets the host reach the ports, other than ssh, on which a node listens and which a rule opens to the host. */
export class PortForwards {
  private readonly open = new Map<string, Map<number, PublicPort>>()
  /** Taken on the host; told once. */
  private readonly refused = new Set<string>()
  private looking: Promise<void> | undefined
  private readonly timer: NodeJS.Timeout

  constructor(private readonly options: PortForwardsOptions) {
    const complain = (error: Error) => options.log.warn(`ports of nodes: ${error.message}`)
    this.timer = setInterval(() => void this.look().catch(complain), LOOK_EVERY_MS).unref()
  }

  /** Opens what should be open now, and closes what should not. */
  look(): Promise<void> {
    this.looking ??= this.lookNow().finally(() => {
      this.looking = undefined
    })
    return this.looking
  }

  /** Like `look`, but surely with the rules as they are now. */
  async refresh(): Promise<void> {
    await this.looking?.catch(() => undefined)
    await this.look()
  }

  list(id: string): PublicPort[] {
    return [...(this.open.get(id)?.values() ?? [])].sort((a, b) => a.port - b.port)
  }

  /** The node ended: its connections with it. */
  drop(id: string): void {
    for (const port of this.open.get(id)?.keys() ?? []) this.options.network.remove(keyOf(id, port))
    this.open.delete(id)
  }

  close(): void {
    clearInterval(this.timer)
  }

  private async lookNow(): Promise<void> {
    const { running, policy } = this.options
    const known = policy()
    const wide = [...running.keys()].filter((id) => known && portsOpenToHost(known, id).some(isMoreThanSsh))
    for (const id of this.open.keys()) if (!wide.includes(id)) this.shutAll(id)
    if (wide.length === 0) return
    const pids = await this.options.pids()
    for (const id of wide) {
      const pid = pids.get(id)
      const ports = pid ? await listeningPorts(pid) : []
      await this.follow(id, ports)
    }
  }

  /** The rules are read here, after everything that took time. */
  private async follow(id: string, listening: readonly number[]): Promise<void> {
    const { policy, running } = this.options
    const [known, address] = [policy(), running.get(id)]
    const ranges = known ? portsOpenToHost(known, id) : []
    const wanted = listening.filter((port) => port !== SSH && publicPortOf(port) !== undefined && isOpen(ranges, port))
    const kept = new Set(wanted.slice(0, PER_NODE))
    for (const port of this.open.get(id)?.keys() ?? []) if (!kept.has(port)) this.shut(id, port)
    if (address) for (const port of kept) await this.openPort(address, port)
  }

  private async openPort(node: PublicAddress, port: number): Promise<void> {
    const [id, publicPort] = [node.key, publicPortOf(port)]
    const key = keyOf(id, port)
    const open = this.open.get(id) ?? new Map<number, PublicPort>()
    if (open.has(port) || publicPort === undefined) return
    try {
      await this.options.network.add({ ...node, key, port, publicPort })
      this.refused.delete(key)
    } catch (error) {
      if (!this.refused.has(key)) this.options.log.warn(`port ${port} of node ${id}: ${(error as Error).message}`)
      this.refused.add(key)
      return
    }
    if (this.options.running.get(id) !== node) return this.options.network.remove(key)
    this.open.set(id, open.set(port, { port, publicIp: node.publicIp, publicPort }))
  }

  private shutAll(id: string): void {
    for (const port of this.open.get(id)?.keys() ?? []) this.shut(id, port)
    this.open.delete(id)
  }

  private shut(id: string, port: number): void {
    this.open.get(id)?.delete(port)
    this.options.network.shut(keyOf(id, port))
  }
}

const keyOf = (id: string, port: number) => `${id}:${port}`

const isMoreThanSsh = ({ from, to }: { from: number; to: number }) => from !== SSH || to !== SSH
