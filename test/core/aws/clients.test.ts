import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { describeCaller } from '../../../src/core/aws/caller-identity.js'
import { type AwsClientsOptions, createAwsClients } from '../../../src/core/aws/clients.js'
import { explainAwsError, isAwsError } from '../../../src/core/aws/errors.js'
import { awsRegion, type RegionEntry } from '../../../src/core/aws/region.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'

const cleanUps: (() => void)[] = []
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

const credentials = { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' }
const region = (url: string | undefined, more: Partial<RegionEntry> = {}): RegionEntry => ({
  name: 'local',
  sshPort: 22,
  templateDefaults: {},
  ensureRunning: async () => (url === undefined ? {} : { url, credentials }),
  ...more,
})

/** An HTTP server that records what reaches it and answers each request with `answer`. */
async function recorder(answer: (n: number) => { status: number; body: string }) {
  const requests: { authorization: string; body: string; path: string }[] = []
  const sockets = new Set<unknown>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    requests.push({ authorization: request.headers.authorization ?? '', body, path: request.url ?? '' })
    sockets.add(request.socket)
    const { status, body: text } = answer(requests.length)
    response.writeHead(status, { 'content-type': 'text/xml' }).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = () => {
    server.closeAllConnections()
    server.close()
  }
  cleanUps.push(end)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, sockets, end }
}

const empty =
  '<DescribeKeyPairsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><keySet/></DescribeKeyPairsResponse>'

test('nothing is started before the first call, and the region is made to run once for all clients', async () => {
  let started = 0
  const { requestHandler } = createInProcessCloud()
  const entry = region('http://in-process.invalid', {
    ensureRunning: async () => {
      started++
      return { url: 'http://in-process.invalid', credentials }
    },
  })
  const aws = createAwsClients({ region: entry, requestHandler })
  expect(started).toBe(0)
  await Promise.all([aws.ec2.describeRegions({}), aws.ec2.describeVpcs({}), describeCaller(aws.sts)])
  expect(started).toBe(1)
  expect(await aws.ec2).toBe(aws.ec2) // a client can be awaited in the shell
  aws.close()
})

test('on AWS the profile of the config signs where there are no keys; the local cloud never sees it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sc-profile-'))
  cleanUps.push(
    () => rmSync(folder, { recursive: true }),
    () => vi.unstubAllEnvs(),
  )
  writeFileSync(join(folder, 'credentials'), '[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = x\n')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'))
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
  const signer = async (entry: RegionEntry, keys?: { accessKeyId: string; secretAccessKey: string }) => {
    let authorization = ''
    const handle = async ({ headers }: { headers: Record<string, string> }) => {
      authorization = headers.authorization ?? ''
      throw Object.assign(new Error('far enough'), { $metadata: {} })
    }
    const requestHandler = { handle } as unknown as NonNullable<AwsClientsOptions['requestHandler']>
    const aws = createAwsClients({ region: entry, profile: () => 'work', credentials: () => keys, requestHandler })
    await expect(aws.ec2.describeVpcs({})).rejects.toThrow('far enough')
    aws.close()
    return /Credential=(\w+)/.exec(authorization)?.[1]
  }
  expect(await signer(awsRegion('us-east-1'))).toBe('AKIAWORK')
  expect(await signer(awsRegion('us-east-1'), { accessKeyId: 'AKIAFILE', secretAccessKey: 'x' })).toBe('AKIAFILE')
  expect(await signer(region('http://in-process.invalid'))).toBe('AKIALOCAL')
})

test('a region that failed to start is tried again by the next call', async () => {
  const { requestHandler } = createInProcessCloud()
  let attempts = 0
  const entry = region(undefined, {
    ensureRunning: async () => {
      if (++attempts === 1) throw new Error('port taken')
      return { url: 'http://in-process.invalid', credentials }
    },
  })
  const aws = createAwsClients({ region: entry, requestHandler })
  await expect(aws.ec2.describeVpcs({})).rejects.toThrow('port taken')
  expect((await aws.ec2.describeVpcs({})).Vpcs).toHaveLength(1)
  aws.close()
})

test('a region that ended is made to run again, where it is then, and what was asked is asked again', async () => {
  const first = await recorder(() => ({ status: 200, body: empty }))
  const second = await recorder(() => ({ status: 200, body: empty }))
  const places = [first.url, second.url]
  const entry = region(first.url, { ensureRunning: async () => ({ url: places.shift() ?? 'none', credentials }) })
  const aws = createAwsClients({ region: entry })
  cleanUps.push(() => aws.close())
  await aws.ec2.describeKeyPairs({})
  first.end()
  await Promise.all([aws.ec2.describeKeyPairs({}), aws.ec2.describeKeyPairs({})])
  expect(first.requests).toHaveLength(1)
  expect(second.requests).toHaveLength(2)
})

test('the keys of the config are never sent to an endpoint that is not AWS', async () => {
  const { url, requests } = await recorder(() => ({ status: 200, body: empty }))
  const configured = () => ({ accessKeyId: 'AKIAREALAWSKEY', secretAccessKey: 'real' })
  const aws = createAwsClients({ region: region(url), credentials: configured })
  await aws.ec2.describeKeyPairs({})
  expect(requests[0]!.authorization).toContain('Credential=AKIALOCAL/')
  expect(JSON.stringify(requests)).not.toContain('AKIAREALAWSKEY')
  aws.close()
})

test('throttled requests are tried again, on the connection that is open', async () => {
  const throttled =
    '<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>slow down</Message></Error></Errors><RequestID>1</RequestID></Response>'
  const { url, requests, sockets } = await recorder((n) =>
    n <= 2 ? { status: 503, body: throttled } : { status: 200, body: empty },
  )
  const aws = createAwsClients({ region: region(url) })
  expect((await aws.ec2.describeKeyPairs({})).KeyPairs).toEqual([])
  expect(requests).toHaveLength(3)
  expect(sockets.size).toBe(1)
  aws.close()
}, 60_000)

test('buckets are in the path where the endpoint is an address', async () => {
  const { url, requests } = await recorder(() => ({ status: 404, body: '' }))
  const aws = createAwsClients({ region: region(url) })
  await expect(aws.s3.headBucket({ Bucket: 'my-bucket' })).rejects.toThrow()
  expect(requests[0]!.path).toMatch(/^\/my-bucket/)
  aws.close()
})

test('pages come from the lazy client too', async () => {
  const { requestHandler } = createInProcessCloud()
  const aws = createAwsClients({ region: region('http://in-process.invalid'), requestHandler })
  const names: string[] = []
  for await (const page of aws.ec2.paginateDescribeInstanceTypes({ MaxResults: 5 })) {
    names.push(...(page.InstanceTypes ?? []).map(({ InstanceType }) => String(InstanceType)))
  }
  expect(names.length).toBeGreaterThan(5)
  aws.close()
})

test("AWS's refusals become errors of ours that say during what, and what to do", async () => {
  const { requestHandler } = createInProcessCloud()
  const aws = createAwsClients({ region: region('http://in-process.invalid'), requestHandler })
  const refused: unknown = await aws.ec2
    .terminateInstances({ InstanceIds: ['i-0123456789abcdef0'] })
    .catch((error: unknown) => error)
  expect(isAwsError(refused, 'InvalidInstanceID.NotFound')).toBe(true)
  expect(explainAwsError('terminating', refused)).toMatchObject({
    code: 'InvalidInstanceID.NotFound',
    message: expect.stringMatching(/^terminating: .*InvalidInstanceID.NotFound/),
    cause: refused,
  })
  const bug = new TypeError('bug')
  expect(explainAwsError('x', bug)).toBe(bug)
  aws.close()
})
