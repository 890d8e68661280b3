import type { Duplex } from 'node:stream'
import type { SshTarget } from './connection.js'
import { SshSession } from './session.js'

/** A host through which others are reached: one connection to it, made when it is needed, carries all of theirs. */
export class SshJump implements Disposable {
  readonly #session: SshSession

  constructor(target: Omit<SshTarget, 'through'>) {
    this.#session = new SshSession(target)
  }

  /** Logs in to the jump host itself. @throws SSHError naming it */
  async connect(signal?: AbortSignal): Promise<void> {
    await this.#session.connection(signal)
  }

  /** A stream to a port as the jump host reaches it. @throws SSHError naming the jump host */
  async reach(host: string, port: number, signal?: AbortSignal): Promise<Duplex> {
    const connection = await this.#session.connection(signal)
    return connection.forward(host, port)
  }

  close(): void {
    this.#session.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
