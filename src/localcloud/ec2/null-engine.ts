import type { BootReport, NodeEngine, NodeSpec, NodeState } from '../nodes/engine.js'
import type { NetworkPolicy } from '../nodes/network-policy.js'

/** What an operation of the engine is about to do; a test may wait in it or throw. */
export type EngineHook = (operation: 'boot' | 'stop' | 'remove', id: string) => Promise<void> | void

/** No nodes at all: it only records what would run. For fast tests of what stands above, and to simulate many instances. */
export class NullEngine implements NodeEngine {
  readonly sshPort = 22022
  readonly publicPrefix: string
  readonly nodes = new Map<string, { state: 'stopped' | 'running'; spec: NodeSpec; boots: number; console: string }>()
  /** The last one told. */
  policy: NetworkPolicy | undefined
  private readonly listeners: ((id: string) => void)[] = []

  constructor(private readonly options: { hook?: EngineHook; publicPrefix?: string } = {}) {
    this.publicPrefix = options.publicPrefix ?? '127.77'
  }

  async open(): Promise<void> {
    return undefined
  }

  async close(): Promise<void> {
    return undefined
  }

  async reset(): Promise<void> {
    this.nodes.clear()
  }

  async list(): Promise<Map<string, NodeState>> {
    return new Map([...this.nodes].map(([id, node]) => [id, node.state]))
  }

  async boot(spec: NodeSpec): Promise<BootReport> {
    await this.options.hook?.('boot', spec.id)
    const known = this.nodes.get(spec.id)
    if (known?.state === 'running') return { firstBoot: false }
    const boots = (known?.boots ?? 0) + 1
    const text = `${known?.console ?? ''}${spec.hostname} boot ${boots}\n`
    this.nodes.set(spec.id, { state: 'running', spec, boots, console: text })
    return { firstBoot: boots === 1 }
  }

  async stop(id: string): Promise<void> {
    await this.options.hook?.('stop', id)
    const node = this.nodes.get(id)
    if (node) node.state = 'stopped'
  }

  async remove(id: string): Promise<void> {
    await this.options.hook?.('remove', id)
    this.nodes.delete(id)
  }

  async console(id: string): Promise<string> {
    return this.nodes.get(id)?.console ?? ''
  }

  async usage(): Promise<{ processes: number; memoryBytes: number; diskBytes: number }> {
    return { processes: 0, memoryBytes: 0, diskBytes: 0 }
  }

  async setNetworkPolicy(policy: NetworkPolicy): Promise<void> {
    this.policy = policy
  }

  onExit(listener: (id: string) => void): void {
    this.listeners.push(listener)
  }

  /** As if somebody had said `poweroff` inside. */
  powerOff(id: string): void {
    const node = this.nodes.get(id)
    if (!node) return
    node.state = 'stopped'
    for (const listener of this.listeners) listener(id)
  }
}
