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
const VERSIONS = ['1.0', '2009-04-04', '2016-09-02', '2019-10-01', '2021-07-15', '2024-04-11', 'latest']

/**
 * The instance metadata service, version 2: a token first (PUT /latest/api/token), then paths below /latest. Answers as
 * EC2 does: text for a leaf, a listing for a category, 401 without a token where one is required, 404 otherwise.
 */
export class InstanceMetadataService {
  private readonly tokens = new Map<string, Token>()

  constructor(
    private readonly source: MetadataSource,
    private readonly now: () => number = Date.now,
  ) {}

  handle(request: ImdsRequest): ImdsResponse {
    const instance = this.source.instanceAt(request.from.replace(/^::ffff:/, ''))
    if (!instance) return plain(404, 'Not Found')
    const path = (request.url.split('?')[0] ?? '').replace(/\/{2,}/g, '/')
    if (request.method === 'PUT') return this.issueToken(path, request, instance)
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Method Not Allowed')
    const token = request.headers['x-aws-ec2-metadata-token']
    if (token === undefined ? instance.tokenRequired : !this.valid(token, instance)) return plain(401, 'Unauthorized')
    return answer(path, instance)
  }

  private issueToken(path: string, request: ImdsRequest, instance: InstanceMetadata): ImdsResponse {
    if (path !== '/latest/api/token') return plain(405, 'Method Not Allowed')
    // A token that came through a proxy could leak to another machine.
    if (request.headers['x-forwarded-for'] !== undefined) return plain(403, 'Forbidden')
    const ttl = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? Number.NaN)
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TTL_SECONDS) return plain(400, 'Bad Request')
    this.forgetOld()
    const token = randomBytes(42).toString('base64url')
    this.tokens.set(token, { instanceId: instance.instanceId, expires: this.now() + ttl * 1000 })
    return {
      status: 200,
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(ttl), 'content-type': 'text/plain' },
      body: token,
    }
  }

  private valid(token: string, instance: InstanceMetadata): boolean {
    const known = this.tokens.get(token)
    return known !== undefined && known.instanceId === instance.instanceId && known.expires > this.now()
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
  if (below === 'dynamic') return plain(200, 'instance-identity/')
  if (below === 'dynamic/instance-identity') return plain(200, 'document')
  if (below === 'dynamic/instance-identity/document') return identityDocument(instance)
  if (below === 'meta-data') return listing('', instance.tree)
  if (!below.startsWith('meta-data/')) return plain(404, 'Not Found')
  const key = below.slice('meta-data/'.length)
  const leaf = instance.tree[key]
  return leaf === undefined ? listing(`${key}/`, instance.tree) : plain(200, leaf)
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

function identityDocument({ instanceId, tree }: InstanceMetadata): ImdsResponse {
  const zone = tree['placement/availability-zone'] ?? ''
  const document = {
    accountId: tree['owner-id'] ?? tree['account-id'],
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    availabilityZone: zone,
    imageId: tree['ami-id'],
    instanceId,
    instanceType: tree['instance-type'],
    privateIp: tree['local-ipv4'],
    region: tree['placement/region'],
    version: '2017-09-30',
  }
  return { ...plain(200, JSON.stringify(document, null, 2)), headers: { 'content-type': 'application/json' } }
}

const plain = (status: number, body: string): ImdsResponse => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body,
})
