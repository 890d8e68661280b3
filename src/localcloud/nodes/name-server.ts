import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import { answerPrivate, type PrivateNames, refuse } from './private-names.js'

export interface NameServerOptions extends PrivateNames {
  /** Where it listens, and whom it asks about all other names. */
  readonly address: string
  readonly upstream: string
}

const PORT = 53
const ANSWER_WITHIN_MS = 5000
const ASKED_AT_ONCE = 256
const MAX_MESSAGE = 65_535

/** The name server of the nodes: private names from their addresses, everything else from the one above. */
export async function startNameServer(options: NameServerOptions): Promise<void> {
  const socket = dgram.createSocket('udp4')
  let asked = 0
  socket.on('error', () => undefined) // a node that is gone
  socket.on('message', (query, from) => {
    if (query.length < 12 || (query.readUInt8(2) & 0x80) !== 0) return // no question
    const reply = (answer: Buffer) => socket.send(answer, from.port, from.address)
    const own = answerPrivate(query, options)
    if (own) return reply(own)
    if (asked >= ASKED_AT_ONCE) return
    asked++
    forward(query, options.upstream, reply, () => asked--)
  })
  socket.bind(PORT, options.address)
  await once(socket, 'listening')
  const server = net.createServer((client) => serveStream(client, options))
  server.maxConnections = ASKED_AT_ONCE
  server.listen(PORT, options.address)
  await once(server, 'listening')
}

/** A refusal comes back at once where there is no way out; a lost packet is asked for again by the client. */
function forward(query: Buffer, upstream: string, reply: (answer: Buffer) => void, done: () => void): void {
  const socket = dgram.createSocket('udp4')
  const end = (answer?: Buffer) => {
    clearTimeout(timer)
    socket.removeAllListeners().on('error', () => undefined)
    socket.close()
    done()
    if (answer) reply(answer)
  }
  const timer = setTimeout(() => end(), ANSWER_WITHIN_MS)
  socket.once('error', () => end(refuse(query)))
  socket.on('message', (answer) => end(answer))
  socket.once('connect', () => socket.send(query))
  socket.connect(PORT, upstream)
}

/** Over TCP a message comes after its length. A connection with one question for the server above becomes one to it. */
function serveStream(client: net.Socket, options: NameServerOptions): void {
  let pending = Buffer.alloc(0)
  client.setTimeout(2 * ANSWER_WITHIN_MS, () => client.destroy())
  client.on('error', () => client.destroy())
  const take = (data: Buffer) => {
    pending = Buffer.concat([pending, data])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0)
      const own = answerPrivate(pending.subarray(2, 2 + length), options)
      if (!own) {
        client.off('data', take)
        return passOn(client, pending, options.upstream)
      }
      client.write(Buffer.concat([lengthOf(own), own]))
      pending = pending.subarray(2 + length)
    }
    if (pending.length > MAX_MESSAGE + 2) client.destroy()
  }
  client.on('data', take)
}

function passOn(client: net.Socket, first: Buffer, upstream: string): void {
  const above = net.connect(PORT, upstream)
  above.setTimeout(2 * ANSWER_WITHIN_MS, () => above.destroy())
  above.on('error', () => client.destroy())
  above.on('close', () => client.destroy())
  client.on('close', () => above.destroy())
  above.write(first)
  client.pipe(above)
  above.pipe(client)
}

function lengthOf(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return length
}
