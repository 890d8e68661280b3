import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import type { CloudLog } from '../cloud.js'
import type { InstanceMetadataService } from '../imds/imds.js'
import { LocalCloudError } from '../local-error.js'
import { netdArguments } from './guest-dir.js'
import { nodeRoot } from './ids.js'
import type { NameServerOptions } from './name-server.js'
import type { FromNetd, ToNetd } from './netd-protocol.js'

/** A port of a node as the host reaches it. */
export interface PublicAddress {
  readonly key: string
  readonly publicIp: string
  readonly privateIp: string
  /** Default: 22, at the ssh port. */
  readonly port?: number
  readonly publicPort?: number
}

/** In the user namespace of an ordinary user: one of his subordinate ids. */
const NOBODY = 65534

interface NetdOptions {
  /** Arguments of `nsenter` with which the child enters the network of the nodes. */
  readonly enterNetwork: readonly string[]
  readonly sshPort: number
  readonly imds: InstanceMetadataService
  readonly names: NameServerOptions
  /** Takes a node's connection to the cloud's API. */
  readonly api: (socket: net.Socket, from: string) => void
  readonly log: CloudLog
}

/** The network child (netd-main.ts) and the public addresses it serves. Started again, with them, if it ends by itself. */
export class NetworkChild {
  private child: ChildProcess | undefined
  private closed = false
  private readonly open = new Map<string, PublicAddress>()
  private readonly listening = new Map<string, () => void>()

  constructor(private readonly options: NetdOptions) {}

  async start(): Promise<void> {
    const ordinary = process.getuid?.() !== 0
    const args = [...this.options.enterNetwork, process.execPath, '--max-old-space-size=64', ...netdArguments()]
    const child = spawn('nsenter', args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      cwd: '/',
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        STARCLUSTER_NETD_UID: String(ordinary ? NOBODY : nodeRoot()),
        STARCLUSTER_NETD_NAMES: JSON.stringify(this.options.names),
      },
    })
    let complaint = ''
    child.stderr?.on('data', (data) => (complaint = (complaint + data).slice(-2000)))
    this.child = child
    const ready = new Promise<void>((resolve, reject) => {
      child.on('message', (message: FromNetd, handle: unknown) => this.heard(child, message, resolve, handle))
      child.once('error', reject)
      child.once('exit', () => {
        reject(new LocalCloudError('NetworkFailed', `the network process did not start: ${complaint.trim()}`))
        this.ended(complaint)
      })
    })
    await ready
    for (const address of this.open.values()) await this.listen(address)
  }

  /** Listens at a node's public address. @throws LocalCloudError AddressInUse */
  async add(address: PublicAddress): Promise<void> {
    if (this.open.has(address.key)) return
    this.open.set(address.key, address)
    try {
      await this.listen(address)
    } catch (error) {
      this.open.delete(address.key)
      throw error
    }
  }

  /** Stops listening; connections that are there go on. */
  shut(key: string): void {
    if (this.open.delete(key)) this.tell({ kind: 'shut', key })
  }

  /** Stops listening and drops the connections there. */
  remove(key: string): void {
    this.open.delete(key)
    this.tell({ kind: 'close', key })
  }

  async close(): Promise<void> {
    this.closed = true
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.disconnect()
    await gone
  }

  private async listen(address: PublicAddress): Promise<void> {
    const { key, publicIp, privateIp, port = 22, publicPort = this.options.sshPort } = address
    const server = net.createServer()
    server.listen({ host: publicIp, port: publicPort, backlog: 128 })
    try {
      await once(server, 'listening')
    } catch (error) {
      const why =
        (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
          ? 'another program listens there'
          : (error as Error).message
      throw new LocalCloudError('AddressInUse', `cannot listen on ${publicIp}:${publicPort}: ${why}`)
    }
    const { child } = this
    // Without a child nobody could serve it: the next one is given every address anew.
    if (!child?.connected) return void server.close()
    const taken = new Promise<void>((resolve) => this.listening.set(key, resolve))
    child.send({ kind: 'listen', key, host: privateIp, port } satisfies ToNetd, server)
    await taken
    // The child has the socket now; ours must not take connections.
    server.close()
  }

  private heard(child: ChildProcess, message: FromNetd, ready: () => void, handle: unknown): void {
    if (message.kind === 'api') {
      if (handle instanceof net.Socket) this.options.api(handle, message.from)
    } else if (message.kind === 'ready') {
      if (message.complaint) this.options.log.warn(message.complaint)
      ready()
    } else if (message.kind === 'listening') {
      this.listening.get(message.key)?.()
      this.listening.delete(message.key)
    } else if (message.kind === 'imds') {
      const complain = (error: Error) => this.options.log.warn(`metadata service: ${error.message}`)
      void this.answer(child, message).catch(complain)
    }
  }

  private async answer(child: ChildProcess, { id, request }: Extract<FromNetd, { kind: 'imds' }>): Promise<void> {
    const { body, ...head } = await this.options.imds.handle(request)
    const response = { ...head, body: Buffer.from(body).toString('base64') }
    if (child.connected) child.send({ kind: 'imds', id, response } satisfies ToNetd)
  }

  private tell(message: ToNetd): void {
    if (this.child?.connected) this.child.send(message)
  }

  private ended(complaint: string): void {
    this.child = undefined
    for (const resolve of this.listening.values()) resolve()
    this.listening.clear()
    if (this.closed) return
    this.options.log.warn(`the network process ended, starting it again: ${complaint.trim()}`)
    const again = () => this.start().catch((error: Error) => this.options.log.error(error.message))
    setTimeout(again, 500).unref()
  }
}
