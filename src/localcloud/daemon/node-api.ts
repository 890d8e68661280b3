import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** The API as machines reach it: only those with a role, and nothing but AWS's services. */
export class NodeApi {
  /** Set once requests are taken. */
  server: Server | undefined
  private readonly sockets = new WeakSet<Socket>()

  /** @param mayAsk by private address */
  constructor(private readonly mayAsk: (address: string) => boolean) {}

  take(socket: Socket, from: string): void {
    if (!this.server || !this.mayAsk(from.replace(/^::ffff:/, ''))) {
      socket.destroy()
      return
    }
    this.sockets.add(socket)
    this.server.emit('connection', socket)
    socket.resume()
  }

  isFromNode(socket: Socket): boolean {
    return this.sockets.has(socket)
  }
}
