import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { LocalCloudError } from '../../local-error.js'
import type { ContainerEngineSettings, ContainerSide, DaemonSide } from './container-protocol.js'
import { Peer, remote, serveObjects } from './peer.js'

interface LinkOptions {
  /** `docker exec` of our program. */
  readonly child: ChildProcess
  readonly settings: Omit<ContainerEngineSettings, 'probe'>
  readonly daemon: DaemonSide
  /** It ended without `close`; its last words. */
  readonly onLost: (why: string) => void
}

const CLOSE_MS = 15_000

/** The program in the container, as long as it runs. */
export class ContainerLink {
  private closed = false

  private constructor(
    private readonly child: ChildProcess,
    private readonly peer: Peer,
    private readonly gone: Promise<unknown>,
    readonly publicPrefix: string,
  ) {}

  static async open({ child, settings, daemon, onLost }: LinkOptions): Promise<ContainerLink> {
    let words = ''
    child.stderr?.on('data', (data) => (words = (words + data).slice(-2000)))
    const peer = new Peer(child.stdout!, child.stdin!, serveObjects({ daemon }))
    let link: ContainerLink | undefined
    const gone = new Promise<void>((resolve) => {
      const end = (error?: unknown) => {
        const why = error instanceof Error ? error.message : words.trim()
        peer.end(new LocalCloudError('ContainerLost', `the program in the container ended${why && `: ${why}`}`))
        if (link && !link.closed) onLost(why)
        resolve()
      }
      child.once('error', end)
      child.once('close', () => end())
    })
    try {
      const prefix = await withProbe((probe) =>
        remote<ContainerSide>((name, args) => peer.call(name, args), 'container').open({ ...settings, probe }),
      )
      link = new ContainerLink(child, peer, gone, prefix)
      return link
    } catch (error) {
      child.stdin?.end()
      await gone
      throw error
    }
  }

  call(name: string, args: unknown[]): Promise<unknown> {
    return this.peer.call(name, args)
  }

  /** Machines go on. */
  async close(): Promise<void> {
    this.closed = true
    this.child.stdin?.end()
    const late = setTimeout(() => this.child.kill('SIGKILL'), CLOSE_MS)
    await this.gone
    clearTimeout(late)
  }
}

/** A door at our loopback address by which the container shows that it is on the same network. */
async function withProbe<T>(use: (probe: ContainerEngineSettings['probe']) => Promise<T>): Promise<T> {
  const secret = randomBytes(16).toString('hex')
  const server = net.createServer((socket) => socket.on('error', () => undefined).end(secret))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use({ port: (server.address() as AddressInfo).port, secret })
  } finally {
    server.close()
  }
}
