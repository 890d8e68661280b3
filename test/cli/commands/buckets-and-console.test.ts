import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listing as buckets } from '../../../src/cli/commands/listbuckets.js'
import { listing as objects } from '../../../src/cli/commands/showbucket.js'
import { listSchema } from '../../../src/cli/output/schema.js'
import { handleEc2 } from '../../../src/localcloud/ec2/index.js'
import { BlobStore } from '../../../src/localcloud/s3/blobs.js'
import { s3Handler } from '../../../src/localcloud/s3/handler.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { violations } from '../../support/json-schema.js'
import { runCommand } from '../../support/run-command.js'

let sc: InProcess
let folder = ''
const run = (...argv: string[]) => runCommand(sc, argv)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sc-blobs-'))
  sc = await inProcessManager({}, { services: { ec2: handleEc2, s3: s3Handler(new BlobStore(folder)) } })
})
afterAll(async () => {
  await sc?.close()
  await rm(folder, { recursive: true, force: true })
})

test('without buckets listbuckets says so', async () => {
  expect(await run('listbuckets')).toMatchObject({ status: 0, stdout: 'You have no buckets.\n' })
  expect(await run('sb', 'data')).toMatchObject({
    status: 1,
    stderr: 'bucket data does not exist\nyou have no buckets',
  })
})

test('buckets, and the objects in them', async () => {
  for (const Bucket of ['my-data', 'other']) await sc.aws.s3.createBucket({ Bucket })
  for (const Key of ['a/1', 'a/2', 'b'])
    await sc.aws.s3.putObject({ Bucket: 'my-data', Key, Body: Buffer.from('four') })
  const listed = JSON.parse((await run('lb', '--json')).stdout)
  expect(violations(listSchema(buckets.fields), listed)).toEqual([])
  expect(listed).toMatchObject([{ name: 'my-data' }, { name: 'other' }])
  expect((await run('listbuckets', '-q')).stdout).toBe('my-data\nother\n')
  const shown = JSON.parse((await run('showbucket', 'my-data', 'other', '--json')).stdout)
  expect(violations(listSchema(objects.fields), shown)).toEqual([])
  expect(shown).toMatchObject([{ key: 'a/1', size: 4, bucket: 'my-data' }, { key: 'a/2' }, { key: 'b' }])
  expect((await run('showbucket', 'my-data', '-q', '-p', 'a/')).stdout).toBe('a/1\na/2\n')
  expect((await run('showbucket', 'my-data')).stdout).toMatch(/^BUCKET +KEY +BYTES +WRITTEN\nmy-data +a\/1 +4 +20/)
})

test('more objects than one answer holds', async () => {
  await sc.aws.s3.createBucket({ Bucket: 'many' })
  const keys = Array.from({ length: 1003 }, (_, at) => `k${String(at).padStart(4, '0')}`)
  const { buckets: made } = sc.cloud.state.s3
  const one = made['my-data']?.objects['/b']
  for (const key of keys) made.many!.objects[`/${key}`] = one!
  expect((await run('showbucket', 'many', '-q')).stdout.trim().split('\n')).toEqual(keys)
})

test('a bucket that does not exist: the nearest, and all one has', async () => {
  expect(await run('showbucket', 'my-dta')).toMatchObject({
    status: 1,
    stderr: 'bucket my-dta does not exist (did you mean my-data?)\nyou have: many, my-data, other',
  })
})

test('showconsole: what can be printed of it, an instance by id or address; the nearest of one that does not exist', async () => {
  const { Instances } = await sc.aws.ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })
  const { InstanceId: id = '', PrivateIpAddress: address = '' } = Instances?.[0] ?? {}
  const engine = sc.cloud.engine as unknown as { console: (id: string) => Promise<string> }
  engine.console = async () => 'boot\r\n\x1b[32mok\x1b[0m \x07\n'
  for (const name of [id, address]) {
    expect(await run('showconsole', name)).toMatchObject({ status: 0, stdout: 'boot\nok \\u0007\n', dataOnly: true })
  }
  engine.console = async () => ''
  expect(await run('sc', id)).toMatchObject({ status: 0, stdout: '' })
  expect(await run('showconsole', `${id.slice(0, -1)}x`)).toMatchObject({
    status: 1,
    stderr: `instance ${id.slice(0, -1)}x does not exist in region local (did you mean ${id}?)\nthere are: ${id}`,
  })
})

test.each([
  [['s3image', 'i-1', 'name', 'bucket', '-r'], 'starcluster ebsimage INSTANCE NAME'],
  [['createimage'], 'starcluster ebsimage INSTANCE NAME'],
  [['shimg', 'ami-1'], 'starcluster listimages --long'],
  [['downloadimage', 'ami-1', '/tmp'], 'starcluster copyimage IMAGE REGION'],
])('%j says that images in S3 are gone and what to use', async (argv, instead) => {
  const { status, stderr } = await run(...argv)
  expect(status).toBe(1)
  expect(stderr).toContain('images in S3 (instance store) are gone from AWS')
  expect(stderr).toContain(instead)
})
