import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DiskAct } from '../ec2/index.js'
import { LocalCloudError, reason } from '../local-error.js'
import { readBody } from '../server/body.js'
import { explain } from './explain.js'
import { type ControlledFaults, faultRoute } from './fault-route.js'
import type {
  DaemonPing,
  DaemonReport,
  DisksAnswer,
  EgressAnswer,
  EgressState,
  ImageAct,
  ImageLine,
  MadeImage,
  ProfilesAnswer,
} from './status.js'

export interface ControlledDaemon {
  readonly token: string
  /** Its state directory, for messages. */
  readonly dir: string
  ping(): Promise<DaemonPing>
  report(): Promise<DaemonReport>
  ensureImage(onProgress: (message: string) => void): Promise<void>
  imageAct(act: ImageAct, onProgress: (message: string) => void, signal: AbortSignal): Promise<MadeImage | undefined>
  diskAct(act: DiskAct): Promise<readonly { name: string; created: string }[]>
  profileAct(act: { add?: string; remove?: string }): Promise<readonly string[]>
  egress(wanted?: boolean): Promise<EgressState>
  stop(): void
  readonly faults: ControlledFaults
}

/** The routes below /_starcluster/ with which the command line sees and stops the daemon. Not part of AWS. */
export function controlRoutes(daemon: ControlledDaemon) {
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> => {
    if (!hasToken(request, daemon.token)) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end('forbidden\n')
      return true
    }
    if (path === '/faults') return faultRoute(request, response, daemon.faults)
    switch (`${request.method} ${path}`) {
      case 'GET /ping':
        sendJson(response, 200, await daemon.ping())
        return true
      case 'GET /status':
        sendJson(response, 200, await daemon.report())
        return true
      case 'POST /image':
        await sendProgress(response, daemon, 'BaseImageFailed', async (onProgress) => {
          await daemon.ensureImage(onProgress)
          return undefined
        })
        return true
      case 'POST /images': {
        const act = JSON.parse((await readBody(request, 65_536)).toString('utf8')) as ImageAct
        const given = new AbortController()
        response.once('close', () => given.abort()) // whoever asked is gone
        const work = (onProgress: (line: string) => void) => daemon.imageAct(act, onProgress, given.signal)
        await sendProgress(response, daemon, 'ImageActFailed', work)
        return true
      }
      case 'POST /disks':
        sendJson(response, 200, await disksAnswer(request, daemon))
        return true
      case 'POST /profiles':
        sendJson(response, 200, await profilesAnswer(request, daemon))
        return true
      case 'GET /egress':
      case 'POST /egress':
        sendJson(response, 200, await egressAnswer(request, daemon))
        return true
      case 'POST /stop':
        response.setHeader('connection', 'close')
        sendJson(response, 202, {})
        daemon.stop()
        return true
      default:
        return false
    }
  }
}

async function disksAnswer(request: IncomingMessage, daemon: ControlledDaemon): Promise<DisksAnswer> {
  try {
    return { snapshots: await daemon.diskAct((await sentJson(request)) as unknown as DiskAct) }
  } catch (failure) {
    return { error: told(failure, daemon, 'DiskActFailed') }
  }
}

async function profilesAnswer(request: IncomingMessage, daemon: ControlledDaemon): Promise<ProfilesAnswer> {
  try {
    return { profiles: await daemon.profileAct(await sentJson(request)) }
  } catch (failure) {
    return { error: told(failure, daemon, 'ProfileActFailed') }
  }
}

async function egressAnswer(request: IncomingMessage, daemon: ControlledDaemon): Promise<EgressAnswer> {
  try {
    const wanted = request.method === 'POST' ? (await sentJson(request)).wanted === true : undefined
    return { egress: await daemon.egress(wanted) }
  } catch (failure) {
    return { error: told(failure, daemon, 'EgressFailed') }
  }
}

async function sentJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) text += piece
  return JSON.parse(text) as Record<string, unknown>
}

function told(failure: unknown, daemon: ControlledDaemon, unknown: string) {
  const error = explain(failure, daemon.dir)
  const hint = error instanceof LocalCloudError ? error.hint : undefined
  const code = error instanceof LocalCloudError ? error.code : unknown
  return { code, message: reason(error), ...(hint === undefined ? {} : { hint }) }
}

async function sendProgress(
  response: ServerResponse,
  daemon: ControlledDaemon,
  unknown: string,
  act: (onProgress: (line: string) => void) => Promise<MadeImage | undefined>,
): Promise<void> {
  const send = (line: ImageLine) => response.write(`${JSON.stringify(line)}\n`)
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  try {
    const image = await act((progress) => send({ progress }))
    send({ done: true, ...(image ? { image } : {}) })
  } catch (failure) {
    send({ error: told(failure, daemon, unknown) })
  }
  response.end()
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const sent = Buffer.from(request.headers.authorization ?? '')
  const right = Buffer.from(`Bearer ${token}`)
  return sent.length === right.length && timingSafeEqual(sent, right)
}
