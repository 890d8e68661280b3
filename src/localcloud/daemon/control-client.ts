import { request } from 'node:http'
import type { DaemonInfo } from './daemon-info.js'
import type {
  DaemonPing,
  DaemonReport,
  DisksAnswer,
  EgressAnswer,
  FaultsAnswer,
  ImageAct,
  ImageLine,
  ProfilesAnswer,
} from './status.js'

export interface AskOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  /** Sent as JSON. */
  readonly body?: object
}

export const askPing = (daemon: DaemonInfo, options: AskOptions) =>
  askJson<DaemonPing>(daemon, 'GET', '/ping', { timeoutMs: 20_000, ...options })

export const askReport = (daemon: DaemonInfo, options: AskOptions) =>
  askJson<DaemonReport>(daemon, 'GET', '/status', { timeoutMs: 30_000, ...options })

export const askStop = (daemon: DaemonInfo, options: AskOptions) =>
  askJson<object>(daemon, 'POST', '/stop', { timeoutMs: 5_000, ...options })

export const askFaults = (daemon: DaemonInfo, method: 'GET' | 'POST' | 'DELETE', options: AskOptions) =>
  askJson<FaultsAnswer>(daemon, method, '/faults', { timeoutMs: 60_000, ...options })

export const askDisks = (daemon: DaemonInfo, body: object, options: AskOptions) =>
  askJson<DisksAnswer>(daemon, 'POST', '/disks', { ...options, body })

export const askProfiles = (daemon: DaemonInfo, options: AskOptions) =>
  askJson<ProfilesAnswer>(daemon, 'POST', '/profiles', { timeoutMs: 20_000, ...options })

export const askEgress = (daemon: DaemonInfo, method: 'GET' | 'POST', options: AskOptions) =>
  askJson<EgressAnswer>(daemon, method, '/egress', { timeoutMs: 60_000, ...options })

type LastLine = Exclude<ImageLine, { progress: string }>

/** Has a base image built, or joins the build that runs. Ends with the last line of the daemon. */
export const askImage = (daemon: DaemonInfo, onProgress: (message: string) => void, options: AskOptions) =>
  askLines(daemon, '/image', onProgress, options)

/** An act on images. When we go away before its end, the daemon gives it up. */
export const askImageAct = (
  daemon: DaemonInfo,
  body: ImageAct,
  onProgress: (message: string) => void,
  options: AskOptions,
) => askLines(daemon, '/images', onProgress, { ...options, body })

async function askLines(
  daemon: DaemonInfo,
  path: string,
  onProgress: (message: string) => void,
  options: AskOptions,
): Promise<LastLine> {
  let last: ImageLine | undefined
  let rest = ''
  await ask(daemon, 'POST', path, options, (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      last = JSON.parse(line) as ImageLine
      if ('progress' in last) onProgress(last.progress)
    }
  })
  if (last && !('progress' in last)) return last
  return { error: { code: 'DaemonGone', message: 'the local cloud ended while it made the image' } }
}

async function askJson<T>(daemon: DaemonInfo, method: string, path: string, options: AskOptions): Promise<T> {
  let text = ''
  await ask(daemon, method, path, options, (piece) => {
    text += piece
  })
  return JSON.parse(text) as T
}

/** @param options.timeoutMs longest silence. Rejects when there is no whole 2xx answer. */
function ask(
  daemon: DaemonInfo,
  method: string,
  path: string,
  options: AskOptions,
  onText: (text: string) => void,
): Promise<void> {
  const body = options.body ? JSON.stringify(options.body) : ''
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: daemon.port,
        method,
        path: `/_starcluster${path}`,
        headers: { authorization: `Bearer ${daemon.token}`, 'content-length': Buffer.byteLength(body) },
        agent: false,
        timeout: options.timeoutMs ?? 600_000,
        ...(options.signal ? { signal: options.signal } : {}),
      },
      (response) => {
        if (Math.floor((response.statusCode ?? 500) / 100) !== 2) {
          response.resume()
          return reject(new Error(`${method} ${path}: the daemon answered ${response.statusCode}`))
        }
        response.setEncoding('utf8')
        response.on('data', onText)
        response.on('end', resolve)
        response.on('error', reject)
      },
    )
    asked.on('timeout', () => asked.destroy(new Error(`${method} ${path}: no answer`)))
    asked.on('error', reject)
    asked.end(body)
  })
}
