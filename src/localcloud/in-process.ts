import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Cloud, CloudLog, CloudState, ServiceHandler } from './cloud.js'
import { emptyEc2State, enableFaultActs, handleEc2, registerBaseImage } from './ec2/index.js'
import { NullEngine } from './ec2/null-engine.js'
import type { NodeEngine } from './nodes/engine.js'
import { emptyS3State } from './s3/state.js'
import { handleSsm } from './ssm/handler.js'
import { handleSts } from './sts/handler.js'

export interface InProcessCloudOptions {
  /** Default: a NullEngine, which records states and has no nodes. */
  readonly engine?: NodeEngine
  /** Default: empty but for a base image `debian-12`. */
  readonly state?: CloudState
  readonly region?: string
  readonly now?: () => Date
  readonly log?: CloudLog
  /** Services by the name in a request's signature; default `ec2`, `ssm` and `sts`. */
  readonly services?: Readonly<Record<string, ServiceHandler>>
  /** Called for each commit; default: nothing is saved. */
  readonly commit?: () => Promise<void>
}

export interface InProcessCloud {
  readonly cloud: Cloud
  readonly requestHandler: InProcessHandler
  /** For any client of the SDK: `new EC2(clientConfig)`. No socket, no signature, no retries. */
  readonly clientConfig: {
    readonly region: string
    readonly endpoint: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
    readonly requestHandler: InProcessHandler
    readonly maxAttempts: number
  }
}

/** What the SDK wants of a request handler. */
interface InProcessHandler {
  handle(request: unknown): Promise<{ response: InProcessResponse }>
  readonly metadata: { readonly handlerProtocol: 'http/1.1' }
  destroy(): void
}

interface InProcessResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array | Readable
}

/** The cloud's own handlers behind an SDK client in the same process: for tests, and to simulate many instances. */
export function createInProcessCloud(options: InProcessCloudOptions = {}): InProcessCloud {
  const { region = 'local', services = { ec2: handleEc2, ssm: handleSsm, sts: handleSts } } = options
  const cloud: Cloud = {
    region,
    accountId: '000000000000',
    state: options.state ?? startState(),
    commit: options.commit ?? (async () => undefined),
    engine: options.engine ?? new NullEngine(),
    log: options.log ?? SILENT,
    now: options.now ?? (() => new Date()),
    roleSecret: randomBytes(30).toString('base64'),
  }
  enableFaultActs(cloud)
  const requestHandler: InProcessHandler = {
    handle: async (request) => ({ response: await answer(request as SdkRequest, cloud, services) }),
    metadata: { handlerProtocol: 'http/1.1' },
    destroy: () => undefined,
  }
  const credentials = { accessKeyId: 'AKIAINPROCESS', secretAccessKey: 'in-process' }
  return {
    cloud,
    requestHandler,
    clientConfig: { region, endpoint: 'http://localhost', credentials, requestHandler, maxAttempts: 1 },
  }
}

function startState(): CloudState {
  const state: CloudState = { version: 1, ec2: emptyEc2State(), s3: emptyS3State() }
  const base = {
    id: 'in-process-debian-12',
    name: 'debian-12',
    layers: ['debian-12'],
    created: '2026-01-01T00:00:00.000Z',
  }
  registerBaseImage(state.ec2, base)
  return state
}

/** The members of the SDK's HttpRequest that matter. */
interface SdkRequest {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

async function answer(
  request: SdkRequest,
  cloud: Cloud,
  services: Readonly<Record<string, ServiceHandler>>,
): Promise<InProcessResponse> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const scope = /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')
  const service = scope?.[2] ?? 'ec2'
  const handler = services[service]
  if (!handler) throw new Error(`the in-process cloud has no service ${service}`)
  const {
    status,
    headers: answered,
    body,
  } = await handler(
    {
      method: request.method,
      path: request.path,
      query: queryOf(request.query),
      headers,
      body: bytesOf(request.body),
      accessKeyId: scope?.[1] ?? 'AKIAINPROCESS',
    },
    cloud,
  )
  return { statusCode: status, headers: { ...answered }, body: typeof body === 'string' ? Buffer.from(body) : body }
}

function queryOf(query: SdkRequest['query']): URLSearchParams {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) parameters.append(name, one)
  }
  return parameters
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array()
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  throw new TypeError('the in-process cloud takes bodies of text or bytes only')
}

const SILENT: CloudLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
