import { inspect } from 'node:util'
import type { EC2, EC2ClientConfig } from '@aws-sdk/client-ec2'
import type { S3 } from '@aws-sdk/client-s3'
import type { STS } from '@aws-sdk/client-sts'
import type { RegionCredentials, RegionEndpoint, RegionEntry } from './region.js'
import { despiteThrottling } from './throttling.js'

/** The SDK's clients for one region. Nothing is loaded or started before the first call. */
export interface AwsClients {
  readonly region: RegionEntry
  readonly ec2: EC2
  readonly s3: S3
  readonly sts: STS
  /** Makes the region run and tells how it is reached; asked once. */
  endpoint(): Promise<RegionEndpoint>
  /** Closes kept connections. Clients are made anew if they are used again. */
  close(): void
}

export interface AwsClientsOptions {
  readonly region: RegionEntry
  /** Keys of `[aws info]`: used where the region brings none of its own, and never sent to an endpoint that is not AWS's. */
  readonly credentials?: () => RegionCredentials | undefined
  /** Profile of the AWS config files, for regions of AWS where there are no keys. */
  readonly profile?: () => string | undefined
  /** Instead of HTTP: the in-process cloud in tests. */
  readonly requestHandler?: EC2ClientConfig['requestHandler']
  /** Ends the wait for the region to run. */
  readonly signal?: () => AbortSignal | undefined
}

/** One attempt and up to five more, with the SDK's exponential backoff and full jitter; see `despiteThrottling` too. */
const maxAttempts = 6

/** Makes the clients of a region. The only place where an endpoint is chosen. */
export function createAwsClients(options: AwsClientsOptions): AwsClients {
  const { region } = options
  let endpoint: Promise<RegionEndpoint> | undefined
  const ensureRunning = () => {
    endpoint ??= region.ensureRunning(options.signal?.()).catch((error: unknown) => {
      endpoint = undefined // the next call tries again
      throw error
    })
    return endpoint
  }
  const settings = async () => clientSettings(region.name, await ensureRunning(), ensureRunning, options)
  const startAgain = startAgainMiddleware(
    () => endpoint,
    () => {
      endpoint = undefined
    },
  )
  const ec2 = lazyClient<EC2>(`EC2 ${region.name}`, async () => {
    const [sdk, common] = await Promise.all([importEc2(), settings()])
    return withMiddleware(new sdk.EC2(common), startAgain)
  })
  const s3 = lazyClient<S3>(`S3 ${region.name}`, async () => {
    const [sdk, common] = await Promise.all([importS3(), settings()])
    // Bucket names as host names do not resolve at an endpoint given by address. A bucket may be in any region of AWS.
    const forcePathStyle = common.endpoint !== undefined
    return withMiddleware(new sdk.S3({ ...common, forcePathStyle, followRegionRedirects: true }), startAgain)
  })
  const sts = lazyClient<STS>(`STS ${region.name}`, async () => {
    const [sdk, common] = await Promise.all([importSts(), settings()])
    return withMiddleware(new sdk.STS(common), startAgain)
  })
  const clients = [ec2, s3, sts]
  return {
    region,
    ec2: ec2.client,
    s3: s3.client,
    sts: sts.client,
    endpoint: ensureRunning,
    close: () => {
      for (const { close } of clients) close()
    },
  }
}

function clientSettings(
  region: string,
  endpoint: RegionEndpoint,
  ensureRunning: () => Promise<RegionEndpoint>,
  options: AwsClientsOptions,
) {
  const credentials = endpoint.credentials ?? (endpoint.url === undefined ? options.credentials?.() : undefined)
  const profile = credentials === undefined && endpoint.url === undefined ? options.profile?.() : undefined
  const agent = { keepAlive: true, maxSockets: 50 }
  return {
    region,
    maxAttempts,
    requestHandler: options.requestHandler ?? {
      connectionTimeout: 10_000,
      requestTimeout: 120_000,
      httpAgent: agent,
      httpsAgent: agent,
    },
    // Asked before each request: it changes when the region is made to run again.
    ...(endpoint.url === undefined
      ? {}
      : { endpoint: async () => ({ url: new URL((await ensureRunning()).url ?? String(endpoint.url)) }) }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(profile === undefined ? {} : { profile }),
  }
}

type AnyHandler = (args: never) => Promise<unknown>

/**
 * When nobody listens at the endpoint any more (the local cloud was stopped or killed while this program lives on), the
 * region is made to run again and the request is made once more.
 */
function startAgainMiddleware(endpoint: () => unknown, forget: () => void) {
  return <Handler extends AnyHandler>(next: Handler) =>
    (async (args: never) => {
      const used = endpoint()
      try {
        return await next(args)
      } catch (error) {
        if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ECONNREFUSED') throw error
        if (endpoint() === used) forget() // else another request has done it
        return next(args)
      }
    }) as Handler
}

function withMiddleware<T extends EC2 | S3 | STS>(client: T, middleware: ReturnType<typeof startAgainMiddleware>): T {
  // Their stacks differ only in types of requests, at which this middleware does not look.
  ;(client as EC2).middlewareStack.add(middleware, { step: 'initialize', name: 'startAgain' })
  return client
}

async function importEc2(): Promise<typeof import('@aws-sdk/client-ec2')> {
  quietNodeNotice()
  return import('@aws-sdk/client-ec2')
}

async function importS3(): Promise<typeof import('@aws-sdk/client-s3')> {
  quietNodeNotice()
  return import('@aws-sdk/client-s3')
}

async function importSts(): Promise<typeof import('@aws-sdk/client-sts')> {
  quietNodeNotice()
  return import('@aws-sdk/client-sts')
}

/** The SDK tells users of Node 20 to upgrade, in the middle of our output; which Node we support is our business. */
function quietNodeNotice(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
}

interface Client {
  destroy(): void
}

/** Stands for a client that is made at its first call, and made again when making it failed or after `close`. */
function lazyClient<T extends Client>(label: string, make: () => Promise<T>): { client: T; close(): void } {
  let made: Promise<T> | undefined
  const get = () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
  const close = () => {
    // A client that failed to start has nothing to close, and its caller has the error already.
    void made?.then((client) => client.destroy()).catch(() => undefined)
    made = undefined
  }
  const methods = new Map<string, unknown>()
  // On the target: util.inspect looks through a proxy.
  const target = Object.defineProperty({}, inspect.custom, { value: () => `[${label}]` })
  const client = new Proxy(target as T, {
    get(_, property) {
      if (property === 'destroy') return close
      // Not a promise: `await ec2` in the shell must give the client itself.
      if (typeof property === 'symbol' || property === 'then' || property === 'toJSON') return undefined
      let method = methods.get(property)
      if (!method) {
        method = property.startsWith('paginate') ? lazyPages(get, property) : lazyCall(get, property)
        methods.set(property, method)
      }
      return method
    },
  })
  return { client, close }
}

function lazyCall<T extends Client>(get: () => Promise<T>, property: string) {
  return async (...args: unknown[]) => {
    const client = await get()
    const method = (client as Record<string, unknown>)[property]
    if (typeof method !== 'function') throw new TypeError(`the SDK client has no method ${property}`)
    const { abortSignal } = (args[1] ?? {}) as { abortSignal?: AbortSignal }
    return despiteThrottling(async () => method.apply(client, args) as unknown, abortSignal)
  }
}

function lazyPages<T extends Client>(get: () => Promise<T>, property: string) {
  return async function* (...args: unknown[]) {
    const client = await get()
    const method = (client as Record<string, unknown>)[property]
    if (typeof method !== 'function') throw new TypeError(`the SDK client has no method ${property}`)
    yield* method.apply(client, args) as AsyncIterable<unknown>
  }
}
