import { randomBytes } from 'node:crypto'
import type { InstanceMetadata, MetadataSource } from '../nodes/engine.js'

/** A request to the metadata address, as far as it matters. */
export interface ImdsRequest {
  readonly method: string
  /** Path with query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Who asks, by the address it comes from. */
  readonly from: string
}

export interface ImdsResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

interface Token {
  readonly instanceId: string
  readonly expires: number
}

const MAX_TTL_SECONDS = 21_600
const MAX_TOKENS = 10_000

/** As an instance lists them. Source: EC2 User Guide, "Access instance metadata for an EC2 instance". */
const VERSIONS = (
  '1.0 2007-01-19 2007-03-01 2007-08-29 2007-10-10 2007-12-15 2008-02-01 2008-09-01 2009-04-04 2011-01-01 2011-05-01 ' +
  '2012-01-12 2014-02-25 2014-11-05 2015-10-20 2016-04-19 2016-06-30 2016-09-02 2018-03-28 2018-08-17 2018-09-24 ' +
  '2019-10-01 2020-10-27 2021-01-03 2021-03-23 2021-07-15 2022-09-24 2024-04-11 latest'
).split(' ')
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds'
const TOKEN_PATH = '/latest/api/token'

/**
 * The instance metadata service, version 2: a token first (PUT /latest/api/token), then paths below /latest. Answers as
 * EC2 does: text for a leaf, a listing for a category, 401 without a valid token where one is required, 403 where the
 * service is switched off or a proxy asks, 404 for what is not there.
 * Source: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata", response codes.
 */
export class InstanceMetadataService {
  private readonly tokens = new Map<string, Token>()

  constructor(
    private readonly source: MetadataSource,
    private readonly now: () => number = Date.now,
  ) {}

  async handle(request: ImdsRequest): Promise<ImdsResponse> {
    const instance = await this.source.instanceAt(request.from.replace(/^::ffff:/, ''))
    if (!instance) return plain(404, 'Not Found')
    if (instance.disabled) return plain(403, 'Forbidden')
    const path = (request.url.split('?')[0] ?? '').replace(/\/{2,}/g, '/')
    if (request.method === 'PUT') return this.issueToken(path, request, instance)
    if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed('GET, HEAD')
    if (path === TOKEN_PATH) return notAllowed('OPTIONS, PUT')
    const token = request.headers['x-aws-ec2-metadata-token']
    if (token === undefined) return instance.tokenRequired ? plain(401, 'Unauthorized') : answer(path, instance)
    const left = this.secondsLeft(token, instance)
    if (left === undefined) return plain(401, 'Unauthorized')
    const { headers, ...rest } = answer(path, instance)
    return { ...rest, headers: { ...headers, [TTL_HEADER]: String(left) } }
  }

  private issueToken(path: string, request: ImdsRequest, instance: InstanceMetadata): ImdsResponse {
    if (path !== TOKEN_PATH) return notAllowed('GET, HEAD')
    // A token that came through a proxy could leak to another machine.
    if (request.headers['x-forwarded-for'] !== undefined) return plain(403, 'Forbidden')
    const ttl = Number(request.headers[TTL_HEADER] ?? Number.NaN)
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TTL_SECONDS) return plain(400, 'Bad Request')
    this.forgetOld()
    const token = randomBytes(42).toString('base64url')
    this.tokens.set(token, { instanceId: instance.instanceId, expires: this.now() + ttl * 1000 })
    return {
      status: 200,
      // First of all headers: the hop limit is applied to answers that begin like this.
      headers: { [TTL_HEADER]: String(ttl), 'content-type': 'text/plain' },
      body: token,
    }
  }

  /** Undefined: not a token of this instance, or no longer. */
  private secondsLeft(token: string, instance: InstanceMetadata): number | undefined {
    const known = this.tokens.get(token)
    const left = known?.instanceId === instance.instanceId ? known.expires - this.now() : 0
    return left > 0 ? Math.ceil(left / 1000) : undefined
  }

  private forgetOld(): void {
    const now = this.now()
    for (const [token, { expires }] of this.tokens) {
      if (expires <= now || this.tokens.size >= MAX_TOKENS) this.tokens.delete(token)
    }
  }
}

function answer(path: string, instance: InstanceMetadata): ImdsResponse {
  if (path === '/') return plain(200, VERSIONS.join('\n'))
  const [version = '', ...rest] = path.slice(1).split('/')
  if (!VERSIONS.includes(version)) return plain(404, 'Not Found')
  const below = rest.join('/').replace(/\/$/, '')
  if (below === '') return plain(200, ['dynamic', 'meta-data', ...(instance.userData ? ['user-data'] : [])].join('\n'))
  if (below === 'user-data') {
    return instance.userData
      ? { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: instance.userData }
      : plain(404, 'Not Found')
  }
  const [, kind, key = ''] = /^(meta-data|dynamic)(?:\/(.*))?$/.exec(below) ?? []
  if (kind === undefined) return plain(404, 'Not Found')
  const tree = kind === 'dynamic' ? instance.dynamic : instance.tree
  const leaf = Object.hasOwn(tree, key) ? tree[key] : undefined
  return leaf === undefined ? listing(key === '' ? '' : `${key}/`, tree) : plain(200, leaf)
}

/** Names directly below a category; those with more below them end in a slash. */
function listing(prefix: string, tree: InstanceMetadata['tree']): ImdsResponse {
  const names = new Set<string>()
  for (const path of Object.keys(tree)) {
    if (!path.startsWith(prefix)) continue
    const [name = '', ...deeper] = path.slice(prefix.length).split('/')
    names.add(deeper.length ? `${name}/` : name)
  }
  if (names.size === 0) return plain(404, 'Not Found')
  // Public keys are listed with their names, `0=mykey`.
  const shown = prefix === 'public-keys/' ? [...names].map((name) => keyEntry(name, tree)) : [...names]
  return plain(200, [...new Set(shown)].sort().join('\n'))
}

function keyEntry(name: string, tree: InstanceMetadata['tree']): string {
  const index = name.replace(/\/$/, '')
  const comment = tree[`public-keys/${index}/openssh-key`]?.trim().split(/\s+/)[2]
  return /^\d+$/.test(index) ? `${index}=${comment ?? 'key'}` : name
}

const plain = (status: number, body: string): ImdsResponse => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body,
})

const notAllowed = (allow: string): ImdsResponse => ({
  status: 405,
  headers: { allow, 'content-type': 'text/plain' },
  body: 'Method Not Allowed',
})
