import { LocalCloudError } from '../local-error.js'
import type { BootReport, NodeEngine, NodeSpec, NodeState } from '../nodes/engine.js'
import type { NetworkPolicy } from '../nodes/network-policy.js'
import type { DiskSnapshot, ImportedLayer, NodeDisks } from '../nodes/node-disks.js'
import { NullVolumes } from './null-volumes.js'

/** What an operation of the engine is about to do; a test may wait in it or throw. */
export type EngineHook = (
  operation: 'boot' | 'stop' | 'remove' | 'capture' | 'import',
  id: string,
) => Promise<void> | void

/** No nodes at all: it only records what would run. For fast tests of what stands above, and to simulate many instances. */
export class NullEngine implements NodeEngine {
  readonly sshPort = 22022
  readonly publicPrefix: string
  readonly disks: NullDisks
  readonly volumes = new NullVolumes()
  readonly nodes = new Map<string, { state: 'stopped' | 'running'; spec: NodeSpec; boots: number; console: string }>()
  /** The last one told. */
  policy: NetworkPolicy | undefined
  private readonly listeners: ((id: string) => void)[] = []

  constructor(private readonly options: { hook?: EngineHook; publicPrefix?: string } = {}) {
    this.publicPrefix = options.publicPrefix ?? '127.77'
    this.disks = new NullDisks(options.hook)
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
    await this.volumes.show(spec.id, spec.volumes ?? [])
    const boots = (known?.boots ?? 0) + 1
    const text = `${known?.console ?? ''}${spec.hostname} boot ${boots}\n`
    this.nodes.set(spec.id, { state: 'running', spec, boots, console: text })
    return { firstBoot: boots === 1 }
  }

  async stop(id: string): Promise<void> {
    await this.options.hook?.('stop', id)
    const node = this.nodes.get(id)
    if (node) node.state = 'stopped'
    await this.volumes.unmounted(id)
  }

  async remove(id: string): Promise<void> {
    await this.options.hook?.('remove', id)
    await this.volumes.show(id, [])
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

  async sharesMounted(): Promise<boolean> {
    return true
  }

  async publicPorts(): Promise<[]> {
    return []
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

/** Names without disks. */
class NullDisks implements NodeDisks {
  private readonly named = new Map<string, DiskSnapshot[]>()
  private readonly made = new Set<string>()

  constructor(private readonly hook: EngineHook | undefined) {}

  async snapshot(id: string, name: string): Promise<void> {
    const known = this.named.get(id) ?? []
    if (known.some((one) => one.name === name)) throw new LocalCloudError('SnapshotExists', name)
    this.named.set(id, [...known, { name, created: new Date().toISOString() }])
  }

  async rollback(id: string, name: string): Promise<void> {
    if (!this.named.get(id)?.some((one) => one.name === name)) throw new LocalCloudError('SnapshotDoesNotExist', name)
  }

  async snapshots(id: string): Promise<DiskSnapshot[]> {
    return this.named.get(id) ?? []
  }

  async forget(id: string, name: string): Promise<void> {
    await this.rollback(id, name)
    this.named.set(
      id,
      (await this.snapshots(id)).filter((one) => one.name !== name),
    )
  }

  async capture(id: string, layer: string): Promise<string> {
    await this.hook?.('capture', id)
    this.made.add(`image-${layer}`)
    return `image-${layer}`
  }

  async importTar(_file: string, layer: string): Promise<ImportedLayer> {
    await this.hook?.('import', layer)
    this.made.add(`image-${layer}`)
    return { layer: `image-${layer}`, distribution: 'Debian GNU/Linux 12 (bookworm)' }
  }

  async layers(): Promise<string[]> {
    return [...this.made]
  }

  /** As told last. */
  kept: readonly string[] = []

  async keep(layers: readonly string[]): Promise<void> {
    this.kept = [...layers]
  }

  async removeLayer(id: string): Promise<void> {
    this.made.delete(id)
  }
}
