import { createServer, type Server } from 'node:net'
import { generateKeyPair } from '../../../src/core/ssh/keys.js'
import { NullEngine } from '../../../src/localcloud/ec2/null-engine.js'
import type { BootReport, NodeSpec } from '../../../src/localcloud/nodes/engine.js'
import { SimulatedMachine, type StockLogin } from './machine.js'
import type { Watch } from './watch.js'

/** Nodes that are simulated machines: each listens at an address and a port as a real one does. */
export class SimulatedEngine extends NullEngine {
  readonly machines = new Map<string, SimulatedMachine>()
  private readonly running = new Map<string, SimulatedMachine>()
  /** Of the image of machines made from now on. */
  stock: StockLogin | undefined
  /** Public key an instance was launched with; set once there is a cloud. */
  loginKey: (id: string) => string | undefined = () => undefined

  private constructor(
    publicPrefix: string,
    private readonly claim: Server,
    private readonly watch: Watch,
  ) {
    super({ publicPrefix })
  }

  /** Loopback addresses of its own, so that any number of them live on one computer. */
  static async open(watch: Watch = () => undefined): Promise<SimulatedEngine> {
    const first = 100 + (process.pid % 100)
    for (let tried = 0; tried < 100; tried++) {
      const prefix = `127.${100 + ((first + tried) % 100)}`
      const claim = await listenAt(`${prefix}.255.254`, new NullEngine().sshPort)
      if (claim) return new SimulatedEngine(prefix, claim, watch)
    }
    throw new Error('all loopback addresses for simulated machines are taken')
  }

  override async boot(spec: NodeSpec): Promise<BootReport> {
    const report = await super.boot(spec)
    const machine = this.machines.get(spec.id) ?? (await this.make(spec))
    if (machine.isOn) return report
    this.running.set(spec.privateIp, machine)
    await machine.powerOn(spec.publicIp, this.sshPort, !spec.unreachable)
    return report
  }

  override async stop(id: string): Promise<void> {
    await super.stop(id)
    await this.halt(id)
  }

  override async remove(id: string): Promise<void> {
    await super.remove(id)
    await this.halt(id)
    this.machines.delete(id)
  }

  override async console(id: string): Promise<string> {
    return this.machines.get(id)?.console ?? ''
  }

  override async close(): Promise<void> {
    for (const id of this.machines.keys()) await this.halt(id)
    await new Promise((resolve) => this.claim.close(resolve))
  }

  private async halt(id: string): Promise<void> {
    const machine = this.machines.get(id)
    if (!machine) return
    this.running.delete(machine.options.privateIp)
    await machine.powerOff()
  }

  private async make({ id, hostname, privateIp }: NodeSpec): Promise<SimulatedMachine> {
    const machine = new SimulatedMachine({
      id,
      hostname,
      privateIp,
      hostKey: await generateKeyPair('ed25519'),
      loginKeys: () => [this.loginKey(id) ?? ''],
      neighbour: (address) => this.running.get(address),
      watch: this.watch,
      stock: this.stock,
    })
    this.machines.set(id, machine)
    return machine
  }
}

function listenAt(host: string, port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen({ host, port, exclusive: true }, () => resolve(server))
  })
}
