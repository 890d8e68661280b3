import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  daemonStatus,
  ensureDaemon,
  type LocalCloudAccess,
  readDaemonLog,
  resetLocalCloud,
  stopDaemon,
} from '../../../src/localcloud/control.js'
import { bundleDaemon, makeHome, type TestHome } from './harness.js'

let bundle: Awaited<ReturnType<typeof bundleDaemon>>
let home: TestHome
beforeAll(async () => {
  bundle = await bundleDaemon()
})
afterAll(() => bundle.remove())
beforeEach(async () => {
  home = await makeHome(bundle.program)
})
afterEach(() => home.dispose())

const up = (more: Partial<Parameters<typeof ensureDaemon>[0]> = {}) => ensureDaemon({ env: home.env, ...more })

function client<T extends S3Client | STSClient>(
  make: new (settings: object) => T,
  { endpoint, accessKeyId, secretAccessKey }: LocalCloudAccess,
): T {
  const credentials = { accessKeyId, secretAccessKey }
  return new make({ endpoint, region: 'local', credentials, forcePathStyle: true, maxAttempts: 1 })
}

const makeBucket = async (access: LocalCloudAccess, Bucket: string) =>
  client(S3Client, access).send(new CreateBucketCommand({ Bucket }))
const bucketNames = async (access: LocalCloudAccess) =>
  ((await client(S3Client, access).send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name)

test('starts on first use, answers the SDK, is found again', async () => {
  expect((await daemonStatus(home.env)).running).toBe(false)
  const access = await up()
  expect(access).toMatchObject({ endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), sshPort: 22022 })
  const caller = await client(STSClient, access).send(new GetCallerIdentityCommand({}))
  expect(caller.Account).toBe('000000000000')
  const pid = await home.pid()
  expect(await up()).toEqual(access)
  expect(await home.pid()).toBe(pid)
  expect(await daemonStatus(home.env)).toMatchObject({
    running: true,
    engine: 'null',
    notices: [],
    nodes: [],
    volumes: [],
  })
})

test('many first users at once, some in other processes: one daemon', async () => {
  const script = join(bundle.program, '../first-use.mts')
  const control = new URL('../../../src/localcloud/control.ts', import.meta.url).href
  await writeFile(
    script,
    `import { ensureDaemon } from ${JSON.stringify(control)}\nconsole.log((await ensureDaemon({ env: process.env })).endpoint)`,
  )
  const run = () => promisify(execFile)(process.execPath, ['--import', 'tsx', script], { env: home.env })
  const others = [run(), run()]
  const own = await Promise.all(Array.from({ length: 5 }, () => up()))
  const endpoints = [
    ...own.map((access) => access.endpoint),
    ...(await Promise.all(others)).map((o) => o.stdout.trim()),
  ]
  expect(new Set(endpoints).size).toBe(1)
  expect((await home.log()).match(/local cloud at http/g)).toHaveLength(1)
})

test('lives in a session of its own, where no Ctrl-C reaches it, and listens on the loopback address only', async () => {
  const { endpoint } = await up()
  const pid = await home.pid()
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
  expect([Number(fields[2]), Number(fields[3])]).toEqual([pid, pid]) // process group, session
  const port = Number(new URL(endpoint).port).toString(16).toUpperCase().padStart(4, '0')
  const listening = (await readFile(`/proc/${pid}/net/tcp`, 'utf8')).match(
    new RegExp(`\\w{8}:${port} \\w{8}:0000 0A`, 'g'),
  )
  expect(listening).toEqual([`0100007F:${port} 00000000:0000 0A`])
})

test('nothing of AWS in the environment reaches it, and secrets are for their owner only', async () => {
  const aws = {
    AWS_ACCESS_KEY_ID: 'AKIAREALREALREALREAL',
    AWS_SECRET_ACCESS_KEY: 'a-real-secret',
    AWS_SESSION_TOKEN: 'a-real-token',
    AWS_REGION: 'us-east-1',
    AWS_PROFILE: 'production',
  }
  await ensureDaemon({ env: { ...home.env, ...aws, NODE_OPTIONS: '--no-warnings' } })
  const environment = await readFile(`/proc/${await home.pid()}/environ`, 'utf8')
  expect(environment).toContain(`HOME=${home.env.HOME}`)
  expect(environment).not.toMatch(/AWS|real|NODE_OPTIONS/)
  expect(await home.log()).not.toMatch(/AKIAREAL|a-real/)
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  const { dir, daemon, credentials, state, log } = home.paths
  expect(await mode(dir)).toBe('700')
  for (const file of [daemon, credentials, state, log]) expect(await mode(file), file).toBe('600')
})

test('stop ends it, keeps the state and the port; a second stop says there was none', async () => {
  const access = await up()
  await makeBucket(access, 'kept')
  expect(await stopDaemon(home.env)).toBe(true)
  expect(await stopDaemon(home.env)).toBe(false)
  const again = await up()
  expect(again).toEqual(access)
  expect(await bucketNames(again)).toEqual(['kept'])
})

test('killed, it starts again with all that was acknowledged', async () => {
  const access = await up()
  await makeBucket(access, 'first')
  await makeBucket(access, 'second')
  await home.kill()
  expect(await bucketNames(await up())).toEqual(['first', 'second'])
})

test('a port that another program took meanwhile: another one, and it says so', async () => {
  const { endpoint } = await up()
  await stopDaemon(home.env)
  const port = Number(new URL(endpoint).port)
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  try {
    const said: string[] = []
    const moved = await up({ onProgress: (line) => said.push(line) })
    expect(moved.endpoint).not.toBe(endpoint)
    expect(said).toEqual([expect.stringMatching(new RegExp(`^port ${port} is taken .* listens on \\d+ from now on$`))])
    expect(await daemonStatus(home.env)).toMatchObject({ notices: said })
    await makeBucket(moved, 'there')
  } finally {
    other.close()
  }
  await stopDaemon(home.env)
  const said: string[] = []
  await up({ onProgress: (line) => said.push(line) })
  expect(said).toEqual([])
})

test('a state file cut short: the last good state is used, in the log and in the status', async () => {
  const access = await up()
  await makeBucket(access, 'first')
  await makeBucket(access, 'second')
  await home.kill()
  await truncate(home.paths.state, 100)
  const said: string[] = []
  expect(await bucketNames(await up({ onProgress: (line) => said.push(line) }))).toEqual(['first'])
  expect(said).toEqual([expect.stringMatching(/was damaged: it is cut short.*the last good state/)])
  expect(await daemonStatus(home.env)).toMatchObject({ notices: said })
  expect(await readDaemonLog(home.env)).toContain(said[0])
})

test('no good state at all: refuses in one clear message, deletes nothing; reset still works', async () => {
  const access = await up()
  await makeBucket(access, 'first')
  await makeBucket(access, 'second')
  await stopDaemon(home.env)
  await truncate(home.paths.state, 100)
  await truncate(`${home.paths.state}.1`, 90)
  await expect(up()).rejects.toMatchObject({
    code: 'StateDamaged',
    message: expect.stringMatching(
      /state\.json cannot be used: it is cut short; the one before it, .*: it is cut short/,
    ),
    hint: expect.stringContaining('starcluster local reset'),
  })
  expect((await stat(home.paths.state)).size).toBe(100)
  await resetLocalCloud(home.env)
  await expect(stat(home.paths.dir)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await bucketNames(await up())).toEqual([])
})

test('reset of a running cloud leaves nothing behind', async () => {
  await makeBucket(await up(), 'gone')
  const pid = await home.pid()
  await resetLocalCloud(home.env)
  await expect(stat(`/proc/${pid}`)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(stat(home.paths.dir)).rejects.toMatchObject({ code: 'ENOENT' })
  await resetLocalCloud(home.env) // and twice is no error
})

test('a state directory that cannot be made: one clear message', async () => {
  const blocked = await mkdtemp(join(tmpdir(), 'sc-blocked-'))
  try {
    await writeFile(join(blocked, '.local'), 'a file in the way')
    await expect(ensureDaemon({ env: { ...home.env, HOME: blocked } })).rejects.toMatchObject({
      code: 'StateDirectoryUnusable',
      message: expect.stringContaining(blocked),
      hint: expect.stringContaining('HOME'),
    })
  } finally {
    await rm(blocked, { recursive: true })
  }
  await expect(ensureDaemon({ env: {} })).rejects.toMatchObject({ code: 'HomeNotSet' })
})

test('a program that dies at once: its last words are shown', async () => {
  const program = join(bundle.program, '../dies.mjs')
  await writeFile(program, "throw new Error('out of luck')")
  const env = { ...home.env, STARCLUSTER_DAEMON_PROGRAM: program }
  await expect(ensureDaemon({ env })).rejects.toMatchObject({
    code: 'DaemonNotStarted',
    message: expect.stringMatching(/ended with status 1\n[\s\S]*out of luck/),
  })
})

test('a computer that lacks a program: which one, and who knows the package', async () => {
  const bin = await mkdtemp(join(tmpdir(), 'sc-bin-'))
  const { STARCLUSTER_LOCAL_ENGINE, STARCLUSTER_DAEMON_PROGRAM, ...plain } = home.env // the sources, and real machines
  const env = { ...plain, STARCLUSTER_DISK_ROOT: join(bin, 'disks') }
  try {
    await symlink((await promisify(execFile)('which', ['flock'])).stdout.trim(), join(bin, 'flock'))
    await expect(ensureDaemon({ env: { ...env, PATH: bin } })).rejects.toMatchObject({
      code: 'MissingProgram',
      message: expect.stringMatching(/^the program '\S+' is missing on this computer$/),
      hint: expect.stringContaining('starcluster local doctor'),
    })
  } finally {
    await resetLocalCloud(env) // what it had begun before it missed the program
    await rm(bin, { recursive: true, force: true })
  }
})

test('a wait for it ends with the deadline or the signal', async () => {
  const program = join(bundle.program, '../hangs.mjs')
  await writeFile(program, 'setTimeout(() => undefined, 2000)')
  const env = { ...home.env, STARCLUSTER_DAEMON_PROGRAM: program }
  await expect(ensureDaemon({ env, timeoutMs: 300 })).rejects.toMatchObject({
    code: 'DaemonNotStarted',
    message: expect.stringContaining('took too long'),
  })
  const stopped = AbortSignal.abort(new Error('Ctrl-C'))
  await expect(ensureDaemon({ env, signal: stopped })).rejects.toThrow('Ctrl-C')
})

test('a running daemon of another protocol is not talked to', async () => {
  await up()
  const info = JSON.parse(await readFile(home.paths.daemon, 'utf8'))
  await writeFile(home.paths.daemon, JSON.stringify({ ...info, protocol: 99, version: '9.0.0' }))
  await expect(up()).rejects.toMatchObject({
    code: 'DaemonIncompatible',
    message: expect.stringContaining('9.0.0'),
    hint: expect.stringContaining('starcluster local stop'),
  })
})

test('its control routes want its token', async () => {
  const { endpoint } = await up()
  for (const [method, route] of [
    ['GET', 'status'],
    ['POST', 'stop'],
  ]) {
    expect((await fetch(`${endpoint}/_starcluster/${route}`, { method: method! })).status).toBe(403)
  }
  expect((await daemonStatus(home.env)).running).toBe(true)
})

test('a daemon.json of a dead process, of another boot, or half written is no daemon', async () => {
  await up()
  const info = JSON.parse(await readFile(home.paths.daemon, 'utf8'))
  await stopDaemon(home.env)
  await mkdir(home.paths.dir, { recursive: true })
  const stale = [
    JSON.stringify({ ...info, process: { ...info.process, pid: process.pid } }),
    JSON.stringify({ ...info, process: { ...info.process, bootId: 'another' } }),
    '{"process":{"pid":1',
  ]
  for (const text of stale) {
    await writeFile(home.paths.daemon, text)
    expect((await daemonStatus(home.env)).running).toBe(false)
    expect(await stopDaemon(home.env)).toBe(false)
    await up()
    await stopDaemon(home.env)
  }
})
