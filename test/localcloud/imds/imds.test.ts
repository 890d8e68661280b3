import { expect, test } from 'vitest'
import { InstanceMetadataService } from '../../../src/localcloud/imds/imds.js'
import type { InstanceMetadata } from '../../../src/localcloud/nodes/engine.js'

const HOUR = '3600'

function service(changes: Partial<InstanceMetadata> = {}) {
  let now = 0
  const instance = (instanceId: string): InstanceMetadata => ({
    instanceId,
    tokenRequired: true,
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
  const token = (from = '10.78.0.5', ttl = HOUR) =>
    String(ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': ttl }, from).body)
  const get = (path: string, from = '10.78.0.5') => ask('GET', path, { 'x-aws-ec2-metadata-token': token(from) }, from)
  return { ask, token, get, pass: (ms: number) => (now += ms) }
}

test('without a token: 401; with one: the value', () => {
  const { ask, get } = service()
  expect(ask('GET', '/latest/meta-data/instance-id').status).toBe(401)
  expect(get('/latest/meta-data/instance-id')).toMatchObject({ status: 200, body: 'i-5' })
})

test('a token is asked for with its life time, ends with it, and serves only its own instance', () => {
  const { ask, token, pass } = service()
  for (const ttl of [undefined, '0', '21601', 'x']) {
    expect(ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': ttl }).status).toBe(400)
  }
  expect(
    ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '60', 'x-forwarded-for': '1.2.3.4' })
      .status,
  ).toBe(403)
  const mine = { 'x-aws-ec2-metadata-token': token('10.78.0.5', '60') }
  expect(ask('GET', '/latest/meta-data/', mine, '10.78.0.6').status).toBe(401)
  expect(ask('GET', '/latest/meta-data/', mine).status).toBe(200)
  pass(60_000)
  expect(ask('GET', '/latest/meta-data/', mine).status).toBe(401)
})

test('where tokens are optional a question without one is answered, a wrong one is not', () => {
  const { ask } = service({ tokenRequired: false })
  expect(ask('GET', '/latest/meta-data/instance-id').status).toBe(200)
  expect(ask('GET', '/latest/meta-data/instance-id', { 'x-aws-ec2-metadata-token': 'wrong' }).status).toBe(401)
})

test('categories are listed as EC2 lists them', () => {
  const { get } = service()
  expect(get('/latest/meta-data').body).toBe('instance-id\nplacement/\npublic-keys/')
  expect(get('/latest/meta-data/placement/').body).toBe('availability-zone\nregion')
  expect(get('/latest/meta-data/public-keys/').body).toBe('0=mykey')
  expect(get('/latest/meta-data/public-keys/0/').body).toBe('openssh-key')
  expect(get('/latest/').body).toBe('dynamic\nmeta-data')
  expect(get('/2021-07-15/meta-data/instance-id').body).toBe('i-5')
  expect(JSON.parse(String(get('/latest/dynamic/instance-identity/document').body))).toMatchObject({
    instanceId: 'i-5',
    region: 'local',
  })
  for (const path of ['/latest/meta-data/none', '/latest/user-data', '/none', '/latest/none'])
    expect(get(path).status).toBe(404)
})

test('user data arrives byte for byte', () => {
  const userData = Buffer.from([0, 255, 10, 13])
  expect(service({ userData }).get('/latest/user-data').body).toEqual(userData)
})

test('an address that is no instance learns nothing', () => {
  const { ask } = service()
  expect(ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': HOUR }, '10.78.0.9').status).toBe(
    404,
  )
  expect(ask('GET', '/latest/meta-data/', {}, '::ffff:10.78.0.5').status).toBe(401)
  expect(ask('POST', '/latest/meta-data/').status).toBe(405)
})
