// The network child: lives in the network of the nodes, ends with the daemon, has no rights once it listens.
// It joins connections that reach a node's public address to the node, passes on questions to the metadata address and
// answers those about names.
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import type { ImdsRequest } from '../imds/imds.js'
import { type NameServerOptions, startNameServer } from './name-server.js'
import type { FromNetd, ToNetd } from './netd-protocol.js'

interface Forward {
  readonly server: net.Server
  readonly sockets: Set<net.Socket>
}

const METADATA_ADDRESS = '169.254.169.254'
const API_ADDRESS = '169.254.169.252'
const DIAL_WITHIN_MS = 10_000
const ANSWER_WITHIN_MS = 10_000

main()

function main(): void {
  const forwards = new Map<string, Forward>()
  const waiting = new Map<number, http.ServerResponse>()
  const say = (message: FromNetd) => process.send?.(message)
  process.on('disconnect', () => process.exit(0))
  process.on('SIGINT', () => undefined) // the terminal's Ctrl-C is for someone else
  process.on('message', (message: ToNetd, handle: unknown) => {
    if (message.kind === 'imds') return reply(waiting, message)
    if (message.kind === 'close') return endForward(forwards, message.key)
    const old = forwards.get(message.key)
    old?.server.close()
    if (message.kind !== 'listen' || !(handle instanceof net.Server)) return
    forwards.set(message.key, forward(handle, message.host, message.port, old?.sockets))
    say({ kind: 'listening', key: message.key })
  })
  let last = 0
  const server = http.createServer((request, response) => {
    const id = ++last
    waiting.set(id, response)
    response.setTimeout(ANSWER_WITHIN_MS)
    response.once('close', () => waiting.delete(id))
    say({ kind: 'imds', id, request: describe(request) })
  })
  server.listen(80, METADATA_ADDRESS, async () => {
    const complaints = [
      await nameServer(),
      await apiServer((from, socket) => process.send?.({ kind: 'api', from }, socket)),
    ]
    dropRights(Number(process.env.STARCLUSTER_NETD_UID ?? 0))
    const complaint = complaints.filter(Boolean).join('; ')
    say({ kind: 'ready', ...(complaint && { complaint }) })
  })
}

/** Machines do without it where it cannot be: an older network lacks its address. -> why */
async function nameServer(): Promise<string | undefined> {
  try {
    await startNameServer(JSON.parse(process.env.STARCLUSTER_NETD_NAMES ?? '') as NameServerOptions)
    return undefined
  } catch (error) {
    return `private names of machines do not resolve: ${(error as Error).message}`
  }
}

/** The cloud's API as nodes reach it: connections are the daemon's, which reads them. -> why there is none */
async function apiServer(take: (from: string, socket: net.Socket) => void): Promise<string | undefined> {
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined)
    take(socket.remoteAddress ?? '', socket)
  })
  try {
    server.listen(80, API_ADDRESS)
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return `machines do not reach the API: ${(error as Error).message}`
  }
}

/** What nodes send is read without the host's rights. */
function dropRights(uid: number): void {
  if (!uid || process.getuid?.() !== 0) return
  process.setgroups?.([])
  process.setgid?.(uid)
  process.setuid?.(uid)
}

function describe(request: http.IncomingMessage): ImdsRequest {
  const wanted = ['x-aws-ec2-metadata-token', 'x-aws-ec2-metadata-token-ttl-seconds', 'x-forwarded-for']
  const headers = Object.fromEntries(wanted.map((name) => [name, request.headers[name]?.toString()]))
  request.resume()
  return { method: request.method ?? '', url: request.url ?? '/', headers, from: request.socket.remoteAddress ?? '' }
}

function reply(waiting: Map<number, http.ServerResponse>, message: ToNetd & { kind: 'imds' }): void {
  const response = waiting.get(message.id)
  const body = Buffer.from(message.response.body, 'base64')
  response?.writeHead(message.response.status, { ...message.response.headers, 'content-length': body.length }).end(body)
}

function forward(server: net.Server, host: string, port: number, sockets = new Set<net.Socket>()): Forward {
  server.on('connection', (outside) => {
    // Either side may end its half first, as ssh does.
    const inside = net.connect({ host, port, allowHalfOpen: true, noDelay: true })
    inside.setTimeout(DIAL_WITHIN_MS, () => inside.connecting && inside.destroy(new Error('no answer')))
    inside.once('connect', () => inside.setTimeout(0))
    outside.allowHalfOpen = true
    outside.setNoDelay(true)
    for (const [socket, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  return { server, sockets }
}

function endForward(forwards: Map<string, Forward>, key: string): void {
  const old = forwards.get(key)
  forwards.delete(key)
  old?.server.close()
  for (const socket of old?.sockets ?? []) socket.destroy()
}
