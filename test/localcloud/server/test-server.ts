import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cloud, CloudState, ServiceHandler } from '../../../src/localcloud/cloud.js'
import { BlobStore } from '../../../src/localcloud/s3/blobs.js'
import { s3Handler } from '../../../src/localcloud/s3/handler.js'
import { emptyS3State } from '../../../src/localcloud/s3/state.js'
import { createCloudServer } from '../../../src/localcloud/server/server.js'
import { handleSsm } from '../../../src/localcloud/ssm/handler.js'
import { CloudStore } from '../../../src/localcloud/store/store.js'
import { handleSts } from '../../../src/localcloud/sts/handler.js'

export const CREDENTIALS = { accessKeyId: 'LKIATESTTESTTESTTEST', secretAccessKey: 'a-secret/of+40=characters' }

export interface TestServer extends AsyncDisposable {
  readonly endpoint: string
  readonly state: CloudState
  readonly store: CloudStore<CloudState>
  readonly dir: string
  readonly logged: string[]
  /** Hours and more may pass. */
  clock: { now: Date | undefined }
}

/** The wire, S3 and STS in this process, on a real socket and real files; EC2 echoes what it was asked. */
export async function startTestServer(): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'sc-server-'))
  const empty = () => ({ version: 1, ec2: {}, s3: emptyS3State() }) as unknown as CloudState
  const store = await CloudStore.open(join(dir, 'state.json'), empty)
  const logged: string[] = []
  const write = (message: string) => void logged.push(message)
  const clock: TestServer['clock'] = { now: undefined }
  const cloud = {
    region: 'local',
    accountId: '000000000000',
    state: store.state,
    commit: () => store.commit(),
    log: { debug: write, info: write, warn: write, error: write },
    now: () => clock.now ?? new Date(),
  } as unknown as Cloud
  const blobs = new BlobStore(join(dir, 'objects'))
  const server = createCloudServer({
    cloud,
    credentials: CREDENTIALS,
    bodies: blobs,
    services: { ec2: echo, s3: s3Handler(blobs), ssm: handleSsm, sts: handleSts },
    control: async () => false,
    unsaved: () => store.failing !== undefined,
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = () => closeAll(server, dir)
  return { endpoint, state: store.state, store, dir, logged, clock, [Symbol.asyncDispose]: close }
}

const echo: ServiceHandler = async (request) => ({
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<DescribeRegionsResponse><requestId>r</requestId><regionInfo><item><regionName>${Buffer.from(request.body)
    .toString()
    .replaceAll('&', '&amp;')}</regionName></item></regionInfo></DescribeRegionsResponse>`,
})

async function closeAll(server: Server, dir: string): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(dir, { recursive: true, force: true })
}
