import { open, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import pLimit from 'p-limit'
import type { CloudLog } from '../cloud.js'
import { InstanceMetadataService } from '../imds/imds.js'
import { LocalCloudError } from '../local-error.js'
import { type CgroupLimiter, openCgroups } from './cgroups.js'
import { type DiskPaths, diskPaths, makePassage } from './disk-paths.js'
import type { BootReport, MetadataSource, NodeEngine, NodeSpec, NodeState } from './engine.js'
import { ensureGuestLayer } from './guest-layer.js'
import { mustRunHost } from './host-command.js'
import { memoryOf } from './memory.js'
import { NetworkChild, type PublicAddress } from './netd.js'
import { diskBytes, diskLayers, makeDisk } from './node-disk.js'
import { refreshPackageLists } from './package-lists.js'
import { claimPublicNet, type PublicNet } from './public-net.js'
import { Supervisor } from './supervisor.js'
import type { WireLine } from './supervisor-wire.js'

export interface NodeEngineOptions {
  /** Names the home whose nodes these are: two directories, two separate sets of nodes. */
  readonly stateDir: string
  /** Where images and disks live. */
  readonly diskRoot: string
  /** Private network of the nodes, e.g. 10.78.0.0/16. Its first three hosts are the bridge, the gateway and the name server. */
  readonly network: string
  readonly sshPort: number
  readonly metadata: MetadataSource
  readonly log: CloudLog
  /** `127.77.N` when the caller has claimed it (claimPublicNet); otherwise the engine does while it is open. */
  readonly publicPrefix?: string
  /** Whether nodes reach what the host reaches (for apt); default true. */
  readonly egress?: boolean
}

const BOOTS_AT_ONCE = 4
const BOOT_DEADLINE_MS = 90_000
const CONSOLE_BYTES = 65_536

export class LinuxNodeEngine implements NodeEngine {
  readonly sshPort: number
  private readonly paths: DiskPaths
  private readonly turn = pLimit(BOOTS_AT_ONCE)
  private readonly listeners: ((id: string) => void)[] = []
  private readonly boots = new Map<string, Promise<BootReport>>()
  private shared: Promise<Shared> | undefined
  private publicNet: Promise<PublicNet> | undefined
  private prefix: string | undefined
  private cgroups: Promise<CgroupLimiter> | undefined

  constructor(private readonly options: NodeEngineOptions) {
    this.paths = diskPaths(options.diskRoot, options.stateDir)
    this.sshPort = options.sshPort
    this.prefix = options.publicPrefix
  }

  get publicPrefix(): string {
    if (this.prefix === undefined) throw new Error('the public addresses are known once the engine is open')
    return this.prefix
  }

  async open(): Promise<void> {
    await this.up()
  }

  async close(): Promise<void> {
    const shared = await this.shared?.catch(() => undefined)
    this.shared = undefined
    shared?.watcher.close()
    await shared?.network.close()
    const claim = await this.publicNet?.catch(() => undefined)
    this.publicNet = undefined
    await claim?.release()
  }

  async reset(options: { images?: boolean } = {}): Promise<void> {
    const supervisor = await Supervisor.find(this.paths.home)
    const ids = await this.diskIds()
    if (supervisor) await Promise.all(ids.map((id) => this.letGo(supervisor, id)))
    await this.close()
    await supervisor?.kill()
    const limiter = await this.limiter()
    for (const id of ids) await limiter.remove(id)
    await limiter.removeAll()
    await mustRunHost('rm', ['-rf', '--one-file-system', this.paths.home])
    if (options.images) await mustRunHost('rm', ['-rf', '--one-file-system', this.paths.images])
  }

  async list(): Promise<Map<string, NodeState>> {
    const states = new Map<string, NodeState>((await this.diskIds()).map((id) => [id, 'stopped']))
    const supervisor = await Supervisor.find(this.paths.home)
    for (const node of (await supervisor?.list()) ?? []) {
      if (node.state === 'running' && states.has(node.id!)) states.set(node.id!, 'running')
    }
    return states
  }

  boot(spec: NodeSpec): Promise<BootReport> {
    const running = this.boots.get(spec.id)
    if (running) return running
    const boot = this.turn(() => this.bootNow(spec)).finally(() => this.boots.delete(spec.id))
    this.boots.set(spec.id, boot)
    return boot
  }

  async stop(id: string, { force = false, timeoutMs = 10_000 } = {}): Promise<void> {
    const supervisor = await Supervisor.find(this.paths.home)
    if (supervisor) {
      const orderly = force
        ? Promise.reject(new Error('forced'))
        : supervisor.request('stop', { id, signal: 'TERM' }, timeoutMs)
      await orderly.catch(() => supervisor.request('stop', { id, signal: 'KILL' }))
    }
    await this.closePort(id)
  }

  async remove(id: string): Promise<void> {
    const dir = this.paths.node(id)
    const supervisor = await Supervisor.find(this.paths.home)
    if (supervisor) await this.letGo(supervisor, id)
    await this.closePort(id)
    await (await this.limiter()).remove(id)
    await mustRunHost('rm', ['-rf', '--one-file-system', dir, `${dir}.new`])
  }

  async console(id: string): Promise<string> {
    const file = await open(join(this.paths.node(id), 'console.log')).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!file) return ''
    try {
      const { size } = await file.stat()
      const start = Math.max(0, size - CONSOLE_BYTES)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start)
      return buffer.subarray(0, bytesRead).toString('utf8')
    } finally {
      await file.close()
    }
  }

  async usage(id: string): Promise<{ processes: number; memoryBytes: number; diskBytes: number }> {
    const pids = await (await this.limiter()).processes(id)
    const memory = await Promise.all(pids.map(memoryOf))
    const memoryBytes = memory.reduce((sum, bytes) => sum + bytes, 0)
    return { processes: pids.length, memoryBytes, diskBytes: await diskBytes(this.paths.node(id)) }
  }

  onExit(listener: (id: string) => void): void {
    this.listeners.push(listener)
  }

  private limiter(): Promise<CgroupLimiter> {
    this.cgroups ??= openCgroups(basename(this.paths.home))
    return this.cgroups
  }

  /** What nodes share; made on first use, and again when its supervisor was ended from outside. */
  private up(): Promise<Shared> {
    this.shared ??= this.bringUp().catch((error) => {
      this.shared = undefined
      throw error
    })
    return this.shared
  }

  private async bringUp(): Promise<Shared> {
    const { options, paths } = this
    await makePassage(
      options.diskRoot,
      paths.images,
      paths.layers,
      join(options.diskRoot, 'homes'),
      paths.home,
      paths.nodes,
    )
    this.prefix = options.publicPrefix ?? (await (this.publicNet ??= this.claim())).prefix
    const { home, images } = paths
    const supervisor = await Supervisor.open({ home, images, network: options.network, egress: options.egress ?? true })
    const running: Running = new Map()
    const watcher = await supervisor.watch(
      (event) => this.heard(event, running),
      () => this.lost(running),
    )
    const imds = new InstanceMetadataService(options.metadata)
    const network = new NetworkChild({
      holderPid: supervisor.holderPid,
      sshPort: options.sshPort,
      imds,
      log: options.log,
    })
    await network.start()
    for (const node of await supervisor.list()) {
      if (node.state === 'stopped') continue
      const address = { key: node.id!, publicIp: node.public!, privateIp: node.ip! }
      running.set(address.key, address)
      // One that is just rebooting says when it is there.
      if (node.state === 'running') await network.add(address)
    }
    return { supervisor, watcher, network, running }
  }

  private async claim(): Promise<PublicNet> {
    const file = join(this.paths.home, 'public-net')
    const stored = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10)
    const claim = await claimPublicNet({ stored: stored || undefined, port: this.sshPort })
    await writeFile(file, `${claim.number}\n`)
    return claim
  }

  private async openPort(
    { network, running }: Pick<Shared, 'network' | 'running'>,
    address: PublicAddress,
  ): Promise<void> {
    await network.add(address)
    running.set(address.key, address)
  }

  private async closePort(id: string): Promise<void> {
    const shared = await this.shared?.catch(() => undefined)
    shared?.network.remove(id)
    shared?.running.delete(id)
  }

  private async bootNow(spec: NodeSpec): Promise<BootReport> {
    const { supervisor, network, running } = await this.up()
    const dir = this.paths.node(spec.id)
    const lower = (await diskLayers(dir)) ?? (await this.newDisk(dir, spec))
    const cgroups = await (await this.limiter()).prepare(spec.id, spec.limits)
    const request = {
      id: spec.id,
      lower,
      ip: spec.privateIp,
      public: spec.publicIp,
      hostname: spec.hostname,
      cgroups: cgroups.join(','),
      memory: spec.limits.memoryMiB,
    }
    let answer: WireLine
    try {
      answer = await supervisor.request('boot', request, BOOT_DEADLINE_MS)
    } catch (error) {
      await supervisor.request('stop', { id: spec.id, signal: 'KILL' }).catch(() => undefined)
      throw await this.bootFailure(spec.id, error)
    }
    if (!running.has(spec.id))
      await this.openPort({ network, running }, { key: spec.id, publicIp: spec.publicIp, privateIp: spec.privateIp })
    return { firstBoot: answer.fields.first === '1' }
  }

  private async newDisk(dir: string, spec: NodeSpec): Promise<string> {
    const [address = ''] = this.options.network.split('/')
    const guest = await ensureGuestLayer(this.paths.layers, address.replace(/\.\d+$/, '.3'))
    const metadata = this.options.metadata.instanceAt(spec.privateIp)
    const [base = '', ...above] = [...spec.layers].reverse()
    const lists = base && (await refreshPackageLists(this.paths.images, base, { log: this.options.log }))
    const layers = [guest, ...above.reverse(), ...(lists ? [lists] : []), base]
    await makeDisk(dir, spec, layers, metadata)
    return (await diskLayers(dir))!
  }

  private async bootFailure(id: string, error: unknown): Promise<LocalCloudError> {
    const tail = (await this.console(id)).trim().split('\n').slice(-5).join('\n')
    const why = error instanceof Error ? error.message : String(error)
    return new LocalCloudError('BootFailed', `node ${id} did not start: ${why}${tail ? `\n${tail}` : ''}`, {
      cause: error,
    })
  }

  private async letGo(supervisor: Supervisor, id: string): Promise<void> {
    await supervisor.request('stop', { id, signal: 'KILL' })
    await supervisor.request('release', { id })
  }

  private heard(event: WireLine, running: Running): void {
    const id = event.fields.id ?? ''
    // What this engine asked for is answered where it was asked.
    if (event.fields.asked || this.boots.has(id)) return
    if (event.word === 'running') this.reopenPort(id, running)
    if (event.word !== 'ended') return
    if (event.fields.again) return void this.dropPort(id)
    this.options.log.info(`node ${id} ended`)
    running.delete(id)
    this.dropPort(id)
    for (const listener of this.listeners) listener(id)
  }

  /** A node that rebooted by itself is reached again once its sshd listens; until then connections are refused. */
  private reopenPort(id: string, running: Running): void {
    const address = running.get(id)
    const opened = this.shared?.then(({ network }) => address && network.add(address))
    opened?.catch((error: Error) => this.options.log.error(`node ${id} cannot be reached: ${error.message}`))
  }

  private dropPort(id: string): void {
    this.shared
      ?.then(({ network }) => network.remove(id))
      .catch(() => this.options.log.debug(`no port of ${id} was open`))
  }

  /** The supervisor is gone, and the kernel ended all its nodes. */
  private lost(running: Running): void {
    this.options.log.error('the supervisor of the nodes ended, and with it all nodes')
    void this.close()
    for (const id of running.keys()) for (const listener of this.listeners) listener(id)
    running.clear()
  }

  private async diskIds(): Promise<string[]> {
    const entries = await readdir(this.paths.nodes, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return entries.filter((entry) => entry.isDirectory() && !entry.name.includes('.')).map((entry) => entry.name)
  }
}

/** Nodes that run as far as we were told, and where they are reached. */
type Running = Map<string, PublicAddress>

interface Shared {
  readonly supervisor: Supervisor
  readonly watcher: { close(): void }
  readonly network: NetworkChild
  readonly running: Running
}
