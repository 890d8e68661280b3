import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AuthError, type AwsService } from '../auth/auth-error.js'
import { sha256Hex, splitTarget, type WireRequest } from '../auth/canonical-request.js'
import { type Authenticated, claimedService, verifyRequest } from '../auth/sigv4.js'
import type { BodyStore, Cloud, CloudRequest, CloudResponse, ServiceHandler } from '../cloud.js'
import type { LocalCredentials } from '../daemon/credentials.js'
import { LocalCloudError } from '../local-error.js'
import { authenticBody, BODY_LIMITS, drain, readBody, spoolBody } from './body.js'
import { errorResponse } from './error-response.js'

export interface CloudServerOptions {
  readonly cloud: Cloud
  readonly credentials: LocalCredentials
  /** Where objects that are put go as they come; missing: into memory, and only small ones. */
  readonly bodies?: BodyStore
  readonly services: Readonly<Record<AwsService, ServiceHandler>>
  /** Answers below /_starcluster/, asked with the daemon's token; false: there is no such route. */
  control(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>
  /** True for a machine's connection: it has no control. */
  isFromNode?(socket: Socket): boolean
  /** True while the state could not be saved: nothing that changes it is begun before that is mended. */
  unsaved(): boolean
}

/** The wire of the local cloud: signatures checked, the service found by the credential's scope, errors as AWS's. */
export function createCloudServer(options: CloudServerOptions): Server {
  const server = createServer((request, response) => {
    void serve(request, response, options).catch((error: unknown) => {
      options.cloud.log.error(`${request.method} ${splitTarget(request.url ?? '/')[0]}: ${stackOf(error)}`)
      response.destroy()
    })
  })
  server.requestTimeout = 600_000 // a large object over a slow pipe
  server.keepAliveTimeout = 75_000
  return server
}

async function serve(request: IncomingMessage, response: ServerResponse, options: CloudServerOptions): Promise<void> {
  const [path] = splitTarget(request.url ?? '/')
  if (path.startsWith('/_starcluster/')) {
    const refused = options.isFromNode?.(request.socket) ?? false
    if (!refused && (await options.control(request, response, path.slice('/_starcluster'.length)))) return
    response.writeHead(404, { 'content-type': 'text/plain' }).end('no such route\n')
    return
  }
  const started = performance.now()
  const requestId = randomUUID()
  const wire = wireRequest(request)
  const service = claimedService(wire)
  const { answer, what } = await answerTo(request, wire, service, requestId, options)
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  await drain(request)
  // What was not read of a refused body would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close')
  response.writeHead(answer.status, {
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
    server: 'StarCluster local cloud',
    ...(answer.status === 204 || answer.status === 304 ? {} : lengthOf(body)),
    ...answer.headers,
  })
  if (body instanceof Readable)
    await pipeline(body, response).catch(() => response.destroy()) // the client went away
  else response.end(request.method === 'HEAD' ? undefined : body)
  const ms = (performance.now() - started).toFixed(1)
  options.cloud.log.debug(`${service} ${what} ${answer.status} ${ms} ms ${requestId}`)
}

const lengthOf = (body: Uint8Array | Readable) => (body instanceof Readable ? {} : { 'content-length': body.length })

/** Never throws: whatever goes wrong is an answer. Log lines name the action, never headers or bodies. */
async function answerTo(
  request: IncomingMessage,
  wire: WireRequest,
  service: AwsService,
  requestId: string,
  options: CloudServerOptions,
): Promise<{ answer: CloudResponse; what: string }> {
  let what = `${wire.method} ${splitTarget(wire.target)[0]}`
  try {
    const now = () => options.cloud.now()
    const verifier = { ...options.credentials, region: options.cloud.region, now }
    const store = putsObject(service, wire) ? options.bodies : undefined
    const raw = store ? Buffer.alloc(0) : await readBody(request, BODY_LIMITS.query)
    if (service !== 's3') what = actionName(wire, raw) ?? what
    const auth = verifyRequest(wire, () => sha256Hex(raw), verifier)
    const query = new URLSearchParams(splitTarget(wire.target)[1])
    // The checksums of the end of a multipart upload are those of the object.
    const checksums = !(wire.method === 'POST' && query.has('uploadId'))
    const checks = { headers: wire.headers, auth, secret: auth.key.secretAccessKey, checksums }
    const content = store ? { body: raw, ...(await spoolBody(request, checks, store)) } : authenticBody(raw, checks)
    const answer = await handle(content, wire, query, auth, what, options)
    return { answer, what }
  } catch (error) {
    return { answer: errorResponse(service, failureOf(error, request, what, options), requestId), what }
  }
}

/** PUT /bucket/key */
const putsObject = (service: AwsService, { method, target }: WireRequest) =>
  service === 's3' && method === 'PUT' && /^\/[^/?]+\/[^?]/.test(target)

async function handle(
  content: Pick<CloudRequest, 'body' | 'headers' | 'spooled'>,
  wire: WireRequest,
  query: URLSearchParams,
  auth: Authenticated,
  what: string,
  { cloud, services, unsaved }: CloudServerOptions,
): Promise<CloudResponse> {
  try {
    if (unsaved() && changesState(auth.service, wire.method, what)) await cloud.commit()
    const { session } = auth.key
    return await services[auth.service](
      {
        method: wire.method,
        path: splitTarget(wire.target)[0],
        query,
        ...content,
        accessKeyId: auth.scope.accessKeyId,
        ...(session && { session }),
      },
      cloud,
    )
  } finally {
    await content.spooled?.file.drop()
  }
}

function failureOf(error: unknown, request: IncomingMessage, what: string, options: CloudServerOptions) {
  if (error instanceof AuthError) return error
  if (error instanceof URIError)
    return { code: 'InvalidURI', status: 400, message: "Couldn't parse the specified URI." }
  if (request.destroyed && !request.complete) {
    return { code: 'RequestTimeout', status: 400, message: 'The client went away before its request was whole.' }
  }
  if (error instanceof LocalCloudError) {
    options.cloud.log.error(`${what}: ${error.message}`)
    // Not a 5xx: the SDKs would try again several times before they show the message.
    return { code: 'InternalError', status: 400, message: [error.message, error.hint].filter(Boolean).join('; ') }
  }
  options.cloud.log.error(`${what}: ${stackOf(error)}`)
  const text = 'An internal error has occurred in the local cloud; its log (starcluster local logs) has the details.'
  return { code: 'InternalError', status: 500, message: text }
}

function actionName(wire: WireRequest, body: Buffer): string | undefined {
  const named = wire.headers['x-amz-target'] ?? body.toString('latin1')
  return /(?:^|&)Action=(\w+)|^\w+\.(\w+)$/.exec(named)?.slice(1).find(Boolean)
}

function changesState(service: AwsService, method: string, action: string): boolean {
  if (service === 's3') return method !== 'GET' && method !== 'HEAD'
  return !/^(Describe|Get|List)/.test(action)
}

function wireRequest(request: IncomingMessage): WireRequest {
  const headers: Record<string, string> = {}
  for (const [name, values] of Object.entries(request.headersDistinct)) headers[name] = (values ?? []).join(',')
  return { method: request.method ?? 'GET', target: request.url ?? '/', headers }
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))
