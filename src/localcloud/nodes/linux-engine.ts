import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { basename, join } from 'node:path'
import pLimit from 'p-limit'
import type { CloudLog } from '../cloud.js'
import { LocalCloudError } from '../local-error.js'
import { type CgroupLimiter, openCgroups } from './cgroups.js'
import { type DiskPaths, diskPaths, makePassage } from './disk-paths.js'
import { type DiskRoom, diskRoom, requireRoom } from './disk-room.js'
import type { BootReport, MetadataSource, NodeEngine, NodeSpec, NodeState } from './engine.js'
import { isMountFaulty } from './faulty-mount.js'
import { LinuxFullDisk } from './full-disk.js'
import { ensureGuestLayer, initOf } from './guest-layer.js'
import { nodeRoot } from './ids.js'
import { readImageLogin } from './image-login.js'
import { layersReplaced, requireLayers } from './layer-check.js'
import { isHomeLayer, LinuxDisks } from './linux-disks.js'
import { LinuxNetwork } from './linux-network.js'
import { LinuxVolumes, thawVolumes } from './linux-volumes.js'
import type { NetworkPolicy } from './network-policy.js'
import { diskLayers, layerIds, makeDisk } from './node-disk.js'
import { NodeUsage } from './node-usage.js'
import { makeOwnCgroup, ownCgroupParent, removeOwnCgroup } from './own-cgroup.js'
import { mustHaveOwnRoot, removeTrees } from './own-root.js'
import { layersInUse, refreshPackageLists } from './package-lists.js'
import { claimForHome, type PublicNet } from './public-net.js'
import type { PublicPort } from './public-ports.js'
import { readTail } from './read-tail.js'
import { NAME_SERVER, nameServerOf, SharedParts } from './shared-parts.js'
import { sharesMounted } from './shares-mounted.js'
import { Supervisor } from './supervisor.js'
import type { WireLine } from './supervisor-wire.js'
import { findTroubles } from './troubles.js'

export interface NodeEngineOptions {
  /** Names the home whose nodes these are: two directories, two separate sets of nodes. */
  readonly stateDir: string
  /** Where images and disks live. */
  readonly diskRoot: string
  /** Private network of the nodes, e.g. 10.78.0.0/16. Its first three hosts are the bridge, the gateway and the name server. */
  readonly network: string
  /** In which machines have their private names; default `local.internal`. */
  readonly domain?: string
  readonly sshPort: number
  readonly metadata: MetadataSource
  /** Takes a node's connection to the cloud's API at 169.254.169.252; missing: it is closed. */
  readonly api?: (socket: Socket, from: string) => void
  readonly log: CloudLog
  /** `127.77.N` when the caller has claimed it (claimPublicNet); otherwise the engine does while it is open. */
  readonly publicPrefix?: string
  /** Whether nodes reach what the host reaches (for apt), until `setEgress` is called; default true. */
  readonly egress?: boolean
}

const BOOTS_AT_ONCE = 4
const BOOT_DEADLINE_MS = 90_000
const CONSOLE_BYTES = 65_536

export class LinuxNodeEngine implements NodeEngine {
  readonly sshPort: number
  readonly disks: LinuxDisks
  readonly network: LinuxNetwork
  readonly volumes: LinuxVolumes
  readonly fullDisk: LinuxFullDisk
  private readonly paths: DiskPaths
  private readonly turn = pLimit(BOOTS_AT_ONCE)
  private readonly listeners: ((id: string) => void)[] = []
  private readonly boots = new Map<string, Promise<BootReport>>()
  private readonly costs: NodeUsage
  private shared: Promise<SharedParts> | undefined
  private publicNet: Promise<PublicNet> | undefined
  private prefix: string | undefined
  private cgroups: Promise<CgroupLimiter> | undefined
  private policy: NetworkPolicy | undefined

  constructor(private readonly options: NodeEngineOptions) {
    this.paths = diskPaths(options.diskRoot, options.stateDir)
    this.sshPort = options.sshPort
    this.costs = new NodeUsage({
      paths: this.paths,
      limiter: () => this.limiter(),
      hostPids: () => this.hostPids(),
    })
    this.disks = new LinuxDisks(this.paths, async () => (await this.up()).supervisor)
    this.volumes = new LinuxVolumes(this.paths, () => Supervisor.find(this.paths.home))
    this.network = new LinuxNetwork(this.paths.home, options.egress ?? true, () => this.up())
    this.fullDisk = new LinuxFullDisk(() => Supervisor.find(this.paths.home))
    this.prefix = options.publicPrefix
  }

  private get domain(): string {
    return this.options.domain ?? 'local.internal'
  }

  get publicPrefix(): string {
    if (this.prefix === undefined) throw new Error('the public addresses are known once the engine is open')
    return this.prefix
  }

  async open(): Promise<void> {
    await this.disks.removeRemains()
    await this.up()
  }

  async close(): Promise<void> {
    const shared = await this.shared?.catch(() => undefined)
    this.shared = undefined
    await shared?.close()
    const claim = await this.publicNet?.catch(() => undefined)
    this.publicNet = undefined
    await claim?.release()
  }

  async reset(options: { images?: boolean } = {}): Promise<void> {
    const supervisor = await Supervisor.find(this.paths.home)
    const ids = await this.diskIds()
    const unmounted = supervisor ? ids.map((id) => this.letGo(supervisor, id)) : []
    const complain = (error: Error) => this.options.log.warn(error.message)
    await Promise.all(unmounted.map((one) => one.catch(complain)))
    await this.close()
    await supervisor?.kill()
    await thawVolumes(this.paths.home)
    for (const id of ids) await this.removeCgroups(id)
    await (await this.limiter()).removeAll()
    await removeTrees(this.paths.home)
    for (const layer of await this.disks.layers()) await this.disks.removeLayer(layer)
    await this.disks.removeRemains()
    if (options.images) await this.removeImages()
  }

  /** Images are shared: they stay while a disk of another home stands on one. */
  private async removeImages(): Promise<void> {
    const used = await layersInUse(join(this.options.diskRoot, 'homes'))
    if (used.size > 0) this.options.log.warn('the images stay: machines of another home are made of them')
    else await removeTrees(this.paths.images)
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
    if (!force) await this.bootSettled(id)
    const supervisor = await Supervisor.find(this.paths.home)
    const orderly = !force && supervisor?.request('stop', { id, signal: 'TERM' }, timeoutMs)
    if (orderly) await orderly.catch(() => supervisor?.request('stop', { id, signal: 'KILL' }))
    else await supervisor?.request('stop', { id, signal: 'KILL' })
    await this.closePort(id)
  }

  async remove(id: string): Promise<void> {
    const dir = this.paths.node(id)
    const supervisor = await Supervisor.find(this.paths.home)
    if (supervisor) await this.letGo(supervisor, id)
    if (await this.bootSettled(id)) return this.remove(id)
    await this.closePort(id)
    await this.removeCgroups(id)
    await removeTrees(dir, `${dir}.new`)
  }

  /** Waits for a boot that is under way, however it ends. -> whether there was one */
  private async bootSettled(id: string): Promise<boolean> {
    const boot = this.boots.get(id)
    await boot?.catch(() => undefined)
    return boot !== undefined
  }

  console(id: string): Promise<string> {
    return readTail(join(this.paths.node(id), 'console.log'), CONSOLE_BYTES)
  }

  room(): Promise<DiskRoom> {
    return diskRoom(this.paths.home)
  }

  async troubles(): Promise<string[]> {
    return findTroubles(this.paths, await this.diskIds())
  }

  usage(id: string): Promise<{ processes: number; memoryBytes: number; diskBytes: number }> {
    return this.costs.of(id)
  }

  /** Kept for the shared parts that are made later. */
  async setNetworkPolicy(policy: NetworkPolicy): Promise<void> {
    this.policy = policy
    const shared = await this.shared?.catch(() => undefined)
    await shared?.setPolicy(policy)
  }

  async sharesMounted(id: string, timeoutMs = 30_000): Promise<boolean> {
    const supervisor = await Supervisor.find(this.paths.home)
    const node = (await supervisor?.list())?.find((one) => one.id === id && one.state === 'running')
    return node !== undefined && sharesMounted(Number(node.host_pid), timeoutMs)
  }

  async publicPorts(id: string): Promise<PublicPort[]> {
    const shared = await this.shared?.catch(() => undefined)
    return shared?.publicPorts(id) ?? []
  }

  private async hostPids(): Promise<ReadonlyMap<string, number>> {
    const supervisor = await Supervisor.find(this.paths.home)
    const running = ((await supervisor?.list()) ?? []).filter((node) => node.state !== 'stopped' && node.host_pid)
    return new Map(running.map((node) => [node.id ?? '', Number(node.host_pid)]))
  }

  onExit(listener: (id: string) => void): void {
    this.listeners.push(listener)
  }

  private limiter(): Promise<CgroupLimiter> {
    this.cgroups ??= openCgroups(basename(this.paths.home))
    return this.cgroups
  }

  /** What nodes share; made on first use, and again when its supervisor was ended from outside. */
  private up(): Promise<SharedParts> {
    this.shared ??= this.bringUp().catch((error) => {
      this.shared = undefined
      throw error
    })
    return this.shared
  }

  private async bringUp(): Promise<SharedParts> {
    const { options, paths } = this
    await mustHaveOwnRoot()
    await makePassage(options.diskRoot, join(options.diskRoot, 'homes'), paths.home)
    this.prefix = options.publicPrefix ?? (await (this.publicNet ??= claimForHome(paths.home, this.sshPort))).prefix
    return SharedParts.open({
      ...options,
      domain: this.domain,
      egress: await this.network.wanted(),
      paths,
      policy: () => this.policy,
      isBooting: (id) => this.boots.has(id),
      onExit: (id) => {
        for (const listener of this.listeners) listener(id)
      },
      // The next boot makes them anew.
      onLost: () => {
        const lost = this.shared
        this.shared = undefined
        lost?.then((parts) => parts.close()).catch((error: Error) => options.log.warn(error.message))
      },
    })
  }

  private async closePort(id: string): Promise<void> {
    const shared = await this.shared?.catch(() => undefined)
    shared?.closePort(id)
  }

  private async bootNow(spec: NodeSpec): Promise<BootReport> {
    const shared = await this.up()
    const { supervisor } = shared
    const dir = this.paths.node(spec.id)
    await requireRoom(this.paths.home, 'to start a machine')
    const lower = (await this.oldDisk(dir, spec, supervisor)) ?? (await this.newDisk(dir, spec))
    await this.volumes.settled(spec.volumes ?? [])
    const cgroups = await (await this.limiter()).prepare(spec.id, spec.limits)
    const init = await initOf(this.paths.layers, layerIds(lower))
    const own = init === 'systemd' ? await this.ownCgroup(spec.id, supervisor) : ''
    const request = {
      id: spec.id,
      lower,
      ip: spec.privateIp,
      public: spec.publicIp,
      hostname: spec.hostname,
      init,
      cgroups: [...new Set([...cgroups, own])].filter(Boolean).join(','),
      memory: spec.limits.memoryMiB,
      cpus: spec.limits.cpus,
      volumes: (spec.volumes ?? []).map(({ volume, device }) => `${volume}:${device}`).join(','),
      // An ordinary user's control groups may not be those of the supervisor, which then cannot join them.
      processes: cgroups.length > 0 && process.getuid?.() === 0 ? '' : spec.limits.pids,
    }
    let answer: WireLine
    try {
      answer = await supervisor.request('boot', request, BOOT_DEADLINE_MS)
    } catch (error) {
      await supervisor.request('stop', { id: spec.id, signal: 'KILL' }).catch(() => undefined)
      throw await this.bootFailure(spec.id, error)
    }
    if (!spec.unreachable) await shared.openPort({ key: spec.id, publicIp: spec.publicIp, privateIp: spec.privateIp })
    return { firstBoot: answer.fields.first === '1' }
  }

  /** Written down, since only the supervisor of now knows where an ordinary user's is. */
  private async ownCgroup(id: string, supervisor: Supervisor): Promise<string> {
    const parent = await ownCgroupParent(basename(this.paths.home), supervisor.process.pid)
    const dir = await makeOwnCgroup(parent, id, nodeRoot())
    await writeFile(join(this.paths.node(id), 'cgroup'), dir)
    return dir
  }

  private async removeCgroups(id: string): Promise<void> {
    const own = await readFile(join(this.paths.node(id), 'cgroup'), 'utf8').catch(() => '')
    await (await this.limiter()).remove(id)
    if (own) await removeOwnCgroup(own)
  }

  /** Layers of a disk that is there, with all of them in place. */
  private async oldDisk(dir: string, spec: NodeSpec, supervisor: Supervisor): Promise<string | undefined> {
    const lower = await diskLayers(dir)
    if (lower === undefined) return undefined
    await requireLayers(this.paths.layers, lower, () => this.guestLayer(spec))
    const replaced = await layersReplaced(dir, this.paths.layers, lower)
    // Either way the mount of the last boot is of no use.
    if (replaced || (await isMountFaulty(supervisor.holderPid, spec.id)))
      await supervisor.request('release', { id: spec.id })
    return lower
  }

  private async guestLayer(spec: NodeSpec): Promise<string> {
    const nameServers = [NAME_SERVER, nameServerOf(this.options.network)]
    const init = await initOf(this.paths.layers, spec.layers)
    return ensureGuestLayer(this.paths.layers, { domain: this.domain, nameServers }, init)
  }

  private async newDisk(dir: string, spec: NodeSpec): Promise<string> {
    await requireLayers(this.paths.layers, spec.layers.join(','))
    const guest = await this.guestLayer(spec)
    const told = await this.options.metadata.instanceAt(spec.privateIp)
    const metadata = told?.disabled ? undefined : told
    const [base = '', ...above] = [...spec.layers].reverse()
    // An imported image may be of another distribution: it keeps its own lists.
    const listed = base !== '' && !isHomeLayer(base)
    const lists = listed && (await refreshPackageLists(this.paths.images, base, { log: this.options.log }))
    const layers = [guest, ...above.reverse(), ...(lists ? [lists] : []), base]
    const login = await readImageLogin(layers.map((layer) => join(this.paths.layers, layer)))
    await makeDisk(dir, spec, layers, metadata, login)
    const lower = (await diskLayers(dir))!
    await layersReplaced(dir, this.paths.layers, lower)
    return lower
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

  private async diskIds(): Promise<string[]> {
    const entries = await readdir(this.paths.nodes, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return entries.filter((entry) => entry.isDirectory() && !entry.name.includes('.')).map((entry) => entry.name)
  }
}
