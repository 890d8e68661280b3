import { expect, test } from 'vitest'
import { InstanceMetadataService } from '../../../src/localcloud/imds/imds.js'
import type { InstanceMetadata } from '../../../src/localcloud/nodes/engine.js'

const HOUR = '3600'

function service(changes: Partial<InstanceMetadata> = {}) {
  let now = 0
  const instance = (instanceId: string): InstanceMetadata => ({
    instanceId,
    tokenRequired: true,
    dynamic: { 'fws/instance-monitoring': 'disabled', 'instance-identity/document': '{}' },
    tree: {
      'instance-id': instanceId,
      'placement/availability-zone': 'local-a',
      'placement/region': 'local',
      'public-keys/0/openssh-key': 'ssh-ed25519 AAAA mykey',
    },
    ...changes,
  })
  const nodes = new Map([
    ['10.78.0.5', instance('i-5')],
    ['10.78.0.6', instance('i-6')],
  ])
  const imds = new InstanceMetadataService({ instanceAt: (ip) => nodes.get(ip) }, () => now)
  const ask = (method: string, url: string, headers = {}, from = '10.78.0.5') =>
    imds.handle({ method, url, headers, from })
  const token = async (from = '10.78.0.5', ttl = HOUR) =>
    String((await ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': ttl }, from)).body)
  const get = async (path: string, from = '10.78.0.5') =>
    ask('GET', path, { 'x-aws-ec2-metadata-token': await token(from) }, from)
  return { ask, token, get, pass: (ms: number) => (now += ms) }
}

test('without a token: 401; with one: the value', async () => {
  const { ask, get } = service()
  expect((await ask('GET', '/latest/meta-data/instance-id')).status).toBe(401)
  expect(await get('/latest/meta-data/instance-id')).toMatchObject({ status: 200, body: 'i-5' })
})

test('a token is asked for with its life time, ends with it, and serves only its own instance', async () => {
  const { ask, token, pass } = service()
  for (const ttl of [undefined, '0', '21601', 'x']) {
    expect((await ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': ttl })).status).toBe(400)
  }
  expect(
    (
      await ask('PUT', '/latest/api/token', {
        'x-aws-ec2-metadata-token-ttl-seconds': '60',
        'x-forwarded-for': '1.2.3.4',
      })
    ).status,
  ).toBe(403)
  const mine = { 'x-aws-ec2-metadata-token': await token('10.78.0.5', '60') }
  expect((await ask('GET', '/latest/meta-data/', mine, '10.78.0.6')).status).toBe(401)
  expect((await ask('GET', '/latest/meta-data/', mine)).status).toBe(200)
  pass(60_000)
  expect((await ask('GET', '/latest/meta-data/', mine)).status).toBe(401)
})

test('where tokens are optional a question without one is answered, a wrong one is not', async () => {
  const { ask } = service({ tokenRequired: false })
  expect((await ask('GET', '/latest/meta-data/instance-id')).status).toBe(200)
  expect((await ask('GET', '/latest/meta-data/instance-id', { 'x-aws-ec2-metadata-token': 'wrong' })).status).toBe(401)
})

test('categories are listed as EC2 lists them', async () => {
  const { get } = service()
  expect((await get('/latest/meta-data')).body).toBe('instance-id\nplacement/\npublic-keys/')
  expect((await get('/latest/meta-data/placement/')).body).toBe('availability-zone\nregion')
  expect((await get('/latest/meta-data/public-keys/')).body).toBe('0=mykey')
  expect((await get('/latest/meta-data/public-keys/0/')).body).toBe('openssh-key')
  expect((await get('/latest/')).body).toBe('dynamic\nmeta-data')
  expect((await get('/2021-07-15/meta-data/instance-id')).body).toBe('i-5')
  expect((await get('/latest/dynamic/')).body).toBe('fws/\ninstance-identity/')
  expect((await get('/latest/dynamic/instance-identity/')).body).toBe('document')
  expect((await get('/latest/dynamic/instance-identity/document')).body).toBe('{}')
  for (const path of [
    '/latest/meta-data/none',
    '/latest/meta-data/constructor',
    '/latest/dynamic/instance-identity/pkcs7',
    '/latest/user-data',
    '/none',
    '/latest/none',
  ])
    expect((await get(path)).status).toBe(404)
})

test('user data arrives byte for byte', async () => {
  const userData = Buffer.from([0, 255, 10, 13])
  expect((await service({ userData }).get('/latest/user-data')).body).toEqual(userData)
})

test('an address that is no instance learns nothing', async () => {
  const { ask } = service()
  expect(
    (await ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': HOUR }, '10.78.0.9')).status,
  ).toBe(404)
  expect((await ask('GET', '/latest/meta-data/', {}, '::ffff:10.78.0.5')).status).toBe(401)
  expect((await ask('POST', '/latest/meta-data/')).status).toBe(405)
})

test('an answer to a token says how long the token is still good for', async () => {
  const { ask, token, pass } = service()
  const mine = { 'x-aws-ec2-metadata-token': await token('10.78.0.5', '60') }
  pass(20_500)
  const answer = await ask('GET', '/latest/meta-data/instance-id', mine)
  expect(answer.headers).toMatchObject({ 'x-aws-ec2-metadata-token-ttl-seconds': '40' })
})

test('switched off, it answers 403 to everything; other methods are not allowed', async () => {
  const off = service({ disabled: true })
  const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': HOUR }
  expect((await off.ask('PUT', '/latest/api/token', ttl)).status).toBe(403)
  expect((await off.ask('GET', '/latest/meta-data/')).status).toBe(403)
  const { ask } = service()
  expect(await ask('GET', '/latest/api/token')).toMatchObject({ status: 405, headers: { allow: 'OPTIONS, PUT' } })
  expect(await ask('DELETE', '/latest/meta-data/')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  expect((await ask('PUT', '/latest/meta-data/', ttl)).status).toBe(405)
})

test('the version of a path is one of those that are listed', async () => {
  const { get } = service()
  const listed = String((await get('/')).body).split('\n')
  expect(listed).toEqual(expect.arrayContaining(['1.0', '2009-04-04', '2021-07-15', 'latest']))
  for (const version of listed) expect((await get(`/${version}/meta-data/instance-id`)).body).toBe('i-5')
  expect((await get('/2009-04-05/meta-data/instance-id')).status).toBe(404)
})
