import { createHash, createHmac } from 'node:crypto'
import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { issueRoleCredentials } from '../../../src/localcloud/sts/role-credentials.js'
import { CREDENTIALS, startTestServer, type TestServer } from './test-server.js'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server[Symbol.asyncDispose]())
afterEach(() => {
  server.clock.now = undefined
})

const clients = (
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  region = 'local',
) => {
  const settings = { endpoint: server.endpoint, region, credentials, maxAttempts: 1 }
  const ec2 = new EC2Client(settings)
  const sts = new STSClient(settings)
  const s3 = new S3Client({ ...settings, forcePathStyle: true })
  return {
    ec2: () => ec2.send(new DescribeRegionsCommand({ RegionNames: ['x'] })).finally(() => ec2.destroy()),
    sts: () => sts.send(new GetCallerIdentityCommand({})).finally(() => sts.destroy()),
    s3: () => s3.send(new ListBucketsCommand({})).finally(() => s3.destroy()),
    s3Client: s3,
  }
}
type Service = 'ec2' | 'sts' | 's3'

test('the right key opens each service', async () => {
  const all = clients(CREDENTIALS)
  expect((await all.ec2()).Regions?.[0]?.RegionName).toContain('Action=DescribeRegions')
  expect(await all.sts()).toMatchObject({ Account: '000000000000', Arn: 'arn:aws:iam::000000000000:root' })
  expect((await all.s3()).Buckets).toEqual([])
})

test.each<[Service, string, number]>([
  ['ec2', 'AuthFailure', 401],
  ['sts', 'SignatureDoesNotMatch', 403],
  ['s3', 'SignatureDoesNotMatch', 403],
])('%s refuses a wrong secret with %s', async (service, name, httpStatusCode) => {
  const wrong = clients({ ...CREDENTIALS, secretAccessKey: 'wrong' })[service]()
  await expect(wrong).rejects.toMatchObject({ name, $metadata: { httpStatusCode, requestId: expect.any(String) } })
})

test.each<[Service, string]>([
  ['ec2', 'AuthFailure'],
  ['sts', 'InvalidClientTokenId'],
  ['s3', 'InvalidAccessKeyId'],
])('%s refuses a key it does not know with %s', async (service, name) => {
  const unknown = clients({ ...CREDENTIALS, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' })[service]()
  await expect(unknown).rejects.toMatchObject({ name })
})

test.each<[Service, string]>([
  ['ec2', 'RequestExpired'],
  ['sts', 'SignatureDoesNotMatch'],
  ['s3', 'RequestTimeTooSkewed'],
])('%s refuses a request 16 minutes old with %s, not one of 14', async (service, name) => {
  const minutesAhead = (minutes: number) => new Date(Date.now() + minutes * 60_000)
  server.clock.now = minutesAhead(14)
  await clients(CREDENTIALS)[service]()
  for (const minutes of [16, -16]) {
    server.clock.now = minutesAhead(minutes)
    await expect(clients(CREDENTIALS)[service]()).rejects.toMatchObject({ name })
  }
})

test('requests signed for another region are told which one is right', async () => {
  await expect(clients(CREDENTIALS, 'us-east-1').ec2()).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
  const s3 = clients(CREDENTIALS, 'us-east-1').s3()
  await expect(s3).rejects.toMatchObject({
    name: 'AuthorizationHeaderMalformed',
    message: expect.stringMatching(/'local'/),
  })
})

test('what was changed on the way is refused: body, query, header', async () => {
  const send = async (change: { body?: string; path?: string; headers?: Record<string, string> }) => {
    const signed = sign({ method: 'PUT', path: '/bucket-x/key', body: 'hello', headers: { 'x-amz-meta-a': '1' } })
    const headers = { ...signed.headers, ...change.headers }
    const url = `${server.endpoint}${change.path ?? '/bucket-x/key'}`
    const response = await fetch(url, { method: 'PUT', headers, body: change.body ?? 'hello' })
    return /<Code>(\w+)/.exec(await response.text())?.[1]
  }
  expect(await send({})).toBe('NoSuchBucket') // past the gate
  expect(await send({ body: 'jello' })).toBe('XAmzContentSHA256Mismatch')
  expect(await send({ path: '/bucket-x/key2' })).toBe('SignatureDoesNotMatch')
  expect(await send({ path: '/bucket-x/key?a=b' })).toBe('SignatureDoesNotMatch')
  expect(await send({ headers: { 'x-amz-meta-a': '2' } })).toBe('SignatureDoesNotMatch')
  expect(await send({ headers: { 'x-amz-meta-b': '2' } })).toBe('AccessDenied')
})

test('unsigned requests are refused', async () => {
  expect(await (await fetch(`${server.endpoint}/bucket/key`)).text()).toContain('<Code>AccessDenied</Code>')
  const ec2 = await fetch(server.endpoint, { method: 'POST', body: 'Action=DescribeRegions' })
  expect([ec2.status, await ec2.text()]).toEqual([403, expect.stringContaining('MissingAuthenticationToken')])
})

test('presigned URLs work until they expire', async () => {
  const { s3Client } = clients(CREDENTIALS)
  await s3Client.send(new CreateBucketCommand({ Bucket: 'presigned' }))
  const putUrl = presign('PUT', '/presigned/a%20b', 60)
  expect((await fetch(server.endpoint + putUrl, { method: 'PUT', body: 'by url' })).status).toBe(200)
  expect(await (await fetch(server.endpoint + presign('GET', '/presigned/a%20b', 60))).text()).toBe('by url')
  const otherKey = presign('GET', '/presigned/a%20b', 60).replace('a%20b', 'other')
  expect(await (await fetch(server.endpoint + otherKey)).text()).toContain('SignatureDoesNotMatch')
  const refused = async (path: string, headers = {}) =>
    /<Code>(\w+)/.exec(await (await fetch(server.endpoint + path, { headers })).text())?.[1]
  const getUrl = presign('GET', '/presigned/a%20b', 60)
  expect(await refused(getUrl, { 'x-amz-acl': 'public-read' })).toBe('AccessDenied') // was not signed
  expect(await refused(getUrl.replace('SHA256', 'SHA1'))).toBe('AuthorizationQueryParametersError')
  expect(await refused(getUrl.replace(/X-Amz-Date=[^&]*&/, ''))).toBe('AuthorizationQueryParametersError')
  expect(await refused(presign('GET', '/presigned/a%20b', 604_801))).toBe('AuthorizationQueryParametersError')
  expect(await refused(getUrl.replace('Expires=60', 'Expires=600'))).toBe('SignatureDoesNotMatch')
  server.clock.now = new Date(Date.now() + 61_000)
  expect(await (await fetch(server.endpoint + putUrl)).text()).toContain('Request has expired')
  const got = await s3Client.send(new GetObjectCommand({ Bucket: 'presigned', Key: 'a b' }))
  expect(await got.Body?.transformToString()).toBe('by url')
  s3Client.destroy()
})

test('signed pieces (STREAMING-AWS4-HMAC-SHA256-PAYLOAD): taken whole, a changed piece refused', async () => {
  const { s3Client } = clients(CREDENTIALS)
  await s3Client.send(new CreateBucketCommand({ Bucket: 'pieces' }))
  const send = async (change: (body: string) => string) => {
    const length = { 'x-amz-decoded-content-length': '10' }
    const contentSha256 = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
    const signed = sign({ method: 'PUT', path: '/pieces/p', body: '', headers: length, contentSha256 })
    const body = change(signedPieces(['01234', '56789', ''], signed))
    const response = await fetch(`${server.endpoint}/pieces/p`, { method: 'PUT', headers: signed.headers, body })
    return /<Code>(\w+)/.exec(await response.text())?.[1] ?? response.status
  }
  expect(await send((body) => body)).toBe(200)
  expect(await send((body) => body.replace('56789', '66789'))).toBe('SignatureDoesNotMatch')
  expect(await send((body) => body.slice(0, -20))).toBe('IncompleteBody')
  const got = await s3Client.send(new GetObjectCommand({ Bucket: 'pieces', Key: 'p' }))
  expect(await got.Body?.transformToString()).toBe('0123456789')
  s3Client.destroy()
})

test('no key, signature or body is ever logged', async () => {
  const { s3Client } = clients(CREDENTIALS)
  await s3Client.send(new PutObjectCommand({ Bucket: 'presigned', Key: 'k', Body: 'private words' }))
  s3Client.destroy()
  const logged = server.logged.join('\n')
  expect(logged).toContain('s3 PUT /presigned/k 200')
  expect(logged).not.toMatch(/Signature=|AWS4-HMAC|private words|X-Amz-/)
})

// A signer of our own, written from AWS's description: the SDK's would only meet its own habits.

interface Signed {
  readonly headers: Record<string, string>
  readonly signature: string
  readonly date: string
}

function sign(request: {
  method: string
  path: string
  body: string
  headers?: Record<string, string>
  contentSha256?: string
}): Signed {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const hash = request.contentSha256 ?? sha256(request.body)
  const own = { 'x-amz-date': date, 'x-amz-content-sha256': hash, ...request.headers }
  const signed = Object.entries({ ...own, host: new URL(server.endpoint).host }).sort(([a], [b]) => (a < b ? -1 : 1))
  const names = signed.map(([name]) => name).join(';')
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('')
  const canonical = [request.method, request.path, '', lines, names, hash].join('\n')
  const signature = hmac(key(date), `AWS4-HMAC-SHA256\n${date}\n${scope(date)}\n${sha256(canonical)}`).toString('hex')
  const credential = `${CREDENTIALS.accessKeyId}/${scope(date)}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  return { headers: { ...own, authorization }, signature, date }
}

function presign(method: string, path: string, seconds: number): string {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${CREDENTIALS.accessKeyId}/${scope(date)}`)}`,
    `X-Amz-Date=${date}`,
    `X-Amz-Expires=${seconds}`,
    'X-Amz-SignedHeaders=host',
  ].join('&')
  const host = `host:${new URL(server.endpoint).host}\n`
  const canonical = [method, path, query, host, 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const signature = hmac(key(date), `AWS4-HMAC-SHA256\n${date}\n${scope(date)}\n${sha256(canonical)}`).toString('hex')
  return `${path}?${query}&X-Amz-Signature=${signature}`
}

function signedPieces(pieces: string[], { date, signature }: Signed): string {
  let previous = signature
  return pieces
    .map((piece) => {
      const head = `AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${scope(date)}\n${previous}\n${sha256('')}\n${sha256(piece)}`
      previous = hmac(key(date), head).toString('hex')
      return `${piece.length.toString(16)};chunk-signature=${previous}\r\n${piece}\r\n`
    })
    .join('')
}

const scope = (date: string) => `${date.slice(0, 8)}/local/s3/aws4_request`
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest()
const key = (date: string) =>
  [date.slice(0, 8), 'local', 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.secretAccessKey}`)

const session = { role: 'worker', name: 'i-0123456789abcdef0', issued: 0, expires: Date.parse('2100-01-01') }
const roleOf = (changes: Partial<typeof session> = {}) =>
  issueRoleCredentials(CREDENTIALS.secretAccessKey, { ...session, ...changes })

test('the temporary credentials of a role open each service, in the name of the role', async () => {
  const role = roleOf()
  expect(role.accessKeyId).toMatch(/^LSIA[0-9A-F]{16}$/)
  const all = clients(role)
  expect((await all.ec2()).Regions?.[0]?.RegionName).toContain('Action=DescribeRegions')
  expect(await all.sts()).toMatchObject({
    Account: '000000000000',
    Arn: 'arn:aws:sts::000000000000:assumed-role/worker/i-0123456789abcdef0',
    UserId: expect.stringMatching(/^AROA\w{17}:i-0123456789abcdef0$/),
  })
  await all.s3Client.send(new CreateBucketCommand({ Bucket: 'of-a-role' }))
  expect((await clients(role).s3()).Buckets?.map(({ Name }) => Name)).toContain('of-a-role')
})

test('over, forged, of another cloud or without its token, temporary credentials open nothing', async () => {
  const names = async (credentials: Parameters<typeof clients>[0]) => {
    const all = clients(credentials)
    const asked = await Promise.allSettled([all.ec2(), all.sts(), all.s3()])
    return asked.map((one) => (one.status === 'rejected' ? one.reason.name : 'opened'))
  }
  const unknown = ['AuthFailure', 'InvalidClientTokenId', 'InvalidAccessKeyId']
  expect(await names(roleOf({ expires: Date.now() - 1 }))).toEqual(['RequestExpired', 'ExpiredToken', 'ExpiredToken'])
  const { sessionToken: _none, ...withoutToken } = roleOf()
  expect(await names(withoutToken)).toEqual(unknown)
  expect(await names({ ...roleOf(), sessionToken: roleOf({ role: 'admin' }).sessionToken })).toEqual(unknown)
  expect(await names(issueRoleCredentials('another secret', session))).toEqual(unknown)
  const [claims = '', sealed = ''] = roleOf().sessionToken.split('.')
  const admin = Buffer.from(JSON.stringify({ ...session, role: 'admin' })).toString('base64url')
  expect(await names({ ...roleOf(), sessionToken: `${admin}.${sealed}` })).toEqual(unknown)
  expect(await names({ ...roleOf(), sessionToken: claims })).toEqual(unknown)
  expect(await names({ ...roleOf(), secretAccessKey: 'wrong' })).toEqual([
    'AuthFailure',
    'SignatureDoesNotMatch',
    'SignatureDoesNotMatch',
  ])
})
