import { rm } from 'node:fs/promises'
import type { CloudLog } from '../../cloud.js'
import { LocalCloudError } from '../../local-error.js'
import type { BootReport, MetadataSource, NodeEngine, NodeSpec, NodeState } from '../engine.js'
import type { BaseImage } from '../images.js'
import type { NetworkPolicy } from '../network-policy.js'
import type { ImportedLayer, ImportOptions, NodeDisks } from '../node-disks.js'
import { type ContainerHome, containerHomeFile, containerHomeIn, newContainerHome } from './container-home.js'
import { ContainerLink } from './container-link.js'
import type { ContainerProgram } from './container-program.js'
import type { DaemonSide } from './container-protocol.js'
import { DISKS, HostContainer } from './host-container.js'
import { remote } from './peer.js'

export interface ContainerEngineOptions {
  readonly program: ContainerProgram
  readonly env: NodeJS.ProcessEnv
  /** A file in it names the home whose nodes these are. */
  readonly stateDir: string
  /** What runs in the container: `container-main.js`, `netd.js`, `guest/`. */
  readonly programDir: string
  readonly network: string
  readonly sshPort: number
  readonly egress?: boolean
  readonly metadata: MetadataSource
  readonly log: CloudLog
}

/** The image store in the engine's volume. */
export interface ContainerImages {
  base(): Promise<BaseImage | undefined>
  list(): Promise<BaseImage[]>
  isComplete(image: BaseImage): Promise<boolean>
  refreshLists(image: BaseImage): Promise<void>
  ensureBase(onProgress?: (line: string) => void): Promise<BaseImage>
  rebuildBase(onProgress?: (line: string) => void): Promise<BaseImage>
}

export interface ContainerNodeEngine extends NodeEngine {
  readonly images: ContainerImages
  /** Those whose machines run systemd. */
  readonly systemdImages: ContainerImages
}

/**
 * Real Linux machines where this computer's own namespaces are refused: the namespaces engine at work in one container of
 * Docker or Podman per home, which has the rights for it. What is not handled here is passed on to it as it is, so the
 * contract, and what a machine is, are the same. Without a container, which the first image or node makes, there is nothing.
 */
export function createContainerEngine(options: ContainerEngineOptions): ContainerNodeEngine {
  const own = new ContainerEngine(options)
  return new Proxy(own, {
    get(_, name) {
      const value: unknown = Reflect.get(own, name, own)
      if (typeof value === 'function') return value.bind(own)
      return name in own || name === 'then' ? value : remote(own.forward, `engine.${String(name)}`)
    },
  }) as unknown as ContainerNodeEngine
}

/** Where no machine could ever be made, only the container is to be removed. */
function unlessNeverWorked(error: unknown): void {
  const known = error instanceof LocalCloudError && ['ContainerElsewhere', 'NamespacesRefused'].includes(error.code)
  if (!known) throw error
}

/** Before it is taken for lost. */
const LAST_WAIT_MS = 5_000

/** What can be said before there is a container. */
const NOTHING_YET: Readonly<Record<string, (options: ContainerEngineOptions) => unknown>> = {
  'engine.disks.keep': () => undefined,
  'engine.disks.layers': () => [],
  'engine.fullDisk.freeAll': () => undefined,
  'engine.network.setLinks': () => undefined,
  'engine.room': () => undefined,
  'engine.troubles': () => [],
  'engine.volumes.list': () => ({ volumes: new Map(), snapshots: new Map() }),
  'engine.network.egress': ({ egress = true }) => ({ wanted: egress, works: egress }),
}

class ContainerEngine {
  readonly sshPort: number
  readonly images: ContainerImages
  /** Images whose machines run systemd. */
  readonly systemdImages: ContainerImages
  private readonly listeners: ((id: string) => void)[] = []
  /** As far as we were told. */
  private readonly running = new Set<string>()
  private link: Promise<ContainerLink> | undefined
  private prefix: string | undefined
  private policy: NetworkPolicy | undefined
  private progress: (line: string) => void

  constructor(private readonly options: ContainerEngineOptions) {
    this.sshPort = options.sshPort
    this.progress = (line) => options.log.info(line)
    this.images = this.imagesAs('images')
    this.systemdImages = this.imagesAs('systemdImages')
  }

  private imagesAs(name: string): ContainerImages {
    const call = (method: string, ...args: unknown[]) => this.call(`${name}.${method}`, args)
    const build = (method: string) => (onProgress?: (line: string) => void) => {
      if (onProgress) this.progress = onProgress
      return call(method) as Promise<BaseImage>
    }
    return {
      base: async () => ((await this.home()) ? ((await call('base')) as BaseImage) : undefined),
      list: async () => ((await this.home()) ? ((await call('list')) as BaseImage[]) : []),
      isComplete: async (image) => (await call('isComplete', image)) as boolean,
      refreshLists: async (image) => void (await call('refreshLists', image)),
      ensureBase: build('ensureBase'),
      rebuildBase: build('rebuildBase'),
    }
  }

  get publicPrefix(): string {
    if (this.prefix === undefined) throw new Error('the public addresses are known once the container runs')
    return this.prefix
  }

  /** Calls a function in the container, which is started for it. */
  readonly call = async (name: string, args: unknown[]): Promise<unknown> => (await this.up()).call(name, args)

  /** A method of the contract that needs no more than to be called there. */
  readonly forward = async (name: string, args: unknown[]): Promise<unknown> => {
    if (name === 'engine.disks.importTar') return this.importTar(...(args as Parameters<NodeDisks['importTar']>))
    const answer = NOTHING_YET[name]
    return answer && !(await this.home()) ? answer(this.options) : this.call(name, args)
  }

  /** The file is copied into the container; it can be told only afterwards that it is not wanted any more. */
  private async importTar(file: string, layer: string, options: ImportOptions = {}): Promise<ImportedLayer> {
    await this.up()
    if (options.onProgress) this.progress = options.onProgress
    const container = this.container((await this.home())!)
    const call = (copy: string) => this.call('engine.disks.importTar', [copy, layer])
    const imported = (await container.withCopy(file, call)) as ImportedLayer
    if (options.signal?.aborted) await this.call('engine.disks.removeLayer', [imported.layer])
    options.signal?.throwIfAborted()
    return imported
  }

  async open(): Promise<void> {
    if (await this.home()) await this.up()
  }

  async close(): Promise<void> {
    const link = await this.link?.catch(() => undefined)
    this.link = undefined
    await link?.close()
  }

  async reset(options: { images?: boolean } = {}): Promise<void> {
    const home = await this.home()
    if (home !== undefined) await this.call('engine.reset', [options]).catch(unlessNeverWorked)
    await this.close()
    this.running.clear()
    if (home !== undefined) await this.container(home).remove()
    await rm(containerHomeFile(this.options.stateDir), { force: true })
  }

  async list(): Promise<Map<string, NodeState>> {
    if (!(await this.home())) return new Map()
    return (await this.call('engine.list', [])) as Map<string, NodeState>
  }

  async boot(spec: NodeSpec): Promise<BootReport> {
    const report = (await this.call('engine.boot', [spec])) as BootReport
    this.running.add(spec.id)
    return report
  }

  async stop(id: string, options?: { force?: boolean; timeoutMs?: number }): Promise<void> {
    await this.call('engine.stop', [id, options])
    this.running.delete(id)
  }

  async remove(id: string): Promise<void> {
    await this.call('engine.remove', [id])
    this.running.delete(id)
  }

  async setNetworkPolicy(policy: NetworkPolicy): Promise<void> {
    this.policy = policy
    const link = await this.link?.catch(() => undefined)
    await link?.call('engine.setNetworkPolicy', [policy])
  }

  onExit(listener: (id: string) => void): void {
    this.listeners.push(listener)
  }

  private up(): Promise<ContainerLink> {
    this.link ??= this.bringUp().catch((error) => {
      this.link = undefined
      throw error
    })
    return this.link
  }

  private async bringUp(): Promise<ContainerLink> {
    const { network, sshPort, egress = true } = this.options
    const { stateDir, program } = this.options
    const home = (await this.home()) ?? (await newContainerHome(stateDir, program.name))
    const container = this.container(home)
    await container.start((line) => this.progress(line))
    const policy = this.policy && { policy: this.policy }
    const link = await ContainerLink.open({
      child: await container.launch(),
      settings: { home: home.id, diskRoot: DISKS, network, sshPort, egress, ...policy },
      daemon: this.daemonSide(),
      onLost: (why) => void this.lost(why, container),
    })
    this.prefix = link.publicPrefix
    const states = (await link.call('engine.list', [])) as Map<string, NodeState>
    for (const id of this.running) if (states.get(id) !== 'running') this.ended(id)
    for (const [id, state] of states) if (state === 'running') this.running.add(id)
    return link
  }

  /** The program in the container ended: with the container, or by itself. */
  private async lost(why: string, container: HostContainer): Promise<void> {
    const { log } = this.options
    this.link = undefined
    log.error(`the connection into ${container.name} was cut${why && `: ${why}`}`)
    // What the old one had open is free only when the last process of it is gone.
    for (let wait = 100; await container.running().catch(() => false); wait *= 2) {
      const failed = await this.up().then(
        () => undefined,
        (error: Error) => error,
      )
      if (!failed) return
      log.error(failed.message)
      if (wait > LAST_WAIT_MS) break
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
    for (const id of this.running) this.ended(id)
  }

  private ended(id: string): void {
    this.running.delete(id)
    for (const listener of this.listeners) listener(id)
  }

  private daemonSide(): DaemonSide {
    const { metadata, log } = this.options
    return {
      instanceAt: async (privateIp) => metadata.instanceAt(privateIp),
      exited: async (id) => this.ended(id),
      log: async (level, message) => log[level](message),
      progress: async (line) => this.progress(line),
    }
  }

  private container(home: ContainerHome): HostContainer {
    const { program, env, programDir } = this.options
    return new HostContainer(program, env, { home: home.id, programDir })
  }

  /** Undefined: nothing was made yet. */
  private home(): Promise<ContainerHome | undefined> {
    return containerHomeIn(this.options.stateDir)
  }
}
