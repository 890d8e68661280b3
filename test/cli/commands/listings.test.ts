import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Listing } from '../../../src/cli/output/listing.js'
import { listSchema } from '../../../src/cli/output/schema.js'
import { commands, findCommand } from '../../../src/cli/registry.js'
import { waitFor } from '../../../src/core/wait.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { violations } from '../../support/json-schema.js'
import { runCommand } from '../../support/run-command.js'

/** Commands that list, on a cloud with one of everything. */
let sc: InProcess
let master = ''
let volume = ''
let image = ''
let snapshot = ''
let spot = ''

const run = (...argv: string[]) => runCommand(sc, argv)
const ok = async (...argv: string[]) => {
  const { status, stdout, stderr } = await run(...argv)
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout.trimEnd()
}

/** JSON of a listing, once it is as its schema says. */
async function json(name: string, ...argv: string[]): Promise<Record<string, unknown>[]> {
  const { listing } = (await findCommand(name)!.load()) as unknown as { listing: Listing<never> }
  const { stdout, dataOnly } = await run(name, ...argv, '--json')
  const value = JSON.parse(stdout)
  expect(violations(listSchema(listing.fields), value)).toEqual([])
  expect(dataOnly).toBe(true)
  return value
}

beforeAll(async () => {
  sc = await inProcessManager()
  const { ec2 } = sc.aws
  await ec2.importKeyPair({
    KeyName: 'mine',
    PublicKeyMaterial: Buffer.from('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPZdYHgmhiTuuSdtGGYwMKqFGZCQk1vuOVxXgPYkcGZb'),
  })
  await ec2.createSecurityGroup({ GroupName: '@sc-lab', Description: 'a cluster' })
  const launch = { ImageId: 'default', InstanceType: 't3.small', MinCount: 1, MaxCount: 1 } as const
  const { Instances } = await ec2.runInstances({
    ...launch,
    MinCount: 2,
    MaxCount: 2,
    KeyName: 'mine',
    SecurityGroups: ['@sc-lab'],
    TagSpecifications: [
      {
        ResourceType: 'instance',
        Tags: [
          { Key: 'starcluster:cluster', Value: 'lab' },
          { Key: 'starcluster:aliases', Value: 'master,node001' },
        ],
      },
    ],
  })
  master = Instances?.[0]?.InstanceId ?? ''
  const spots = await ec2.runInstances({
    ...launch,
    InstanceMarketOptions: { MarketType: 'spot', SpotOptions: { MaxPrice: '0.02' } },
  })
  spot = spots.Instances?.[0]?.SpotInstanceRequestId ?? ''
  const made = await ec2.createVolume({
    AvailabilityZone: 'local-a',
    Size: 3,
    TagSpecifications: [
      {
        ResourceType: 'volume',
        Tags: [
          { Key: 'Name', Value: 'scratch' },
          { Key: 'team', Value: 'red' },
        ],
      },
    ],
  })
  volume = made.VolumeId ?? ''
  const is = (look: () => Promise<unknown>, state: string) =>
    waitFor(state, async () => (await look()) === state, { timeoutMs: 20_000, intervalMs: 20 })
  await is(async () => (await ec2.describeVolumes({ VolumeIds: [volume] })).Volumes?.[0]?.State, 'available')
  snapshot = (await ec2.createSnapshot({ VolumeId: volume })).SnapshotId ?? ''
  const instance = async () =>
    (await ec2.describeInstances({ InstanceIds: [master] })).Reservations?.[0]?.Instances?.[0]
  await is(async () => (await instance())?.State?.Name, 'running')
  image = (await ec2.createImage({ InstanceId: master, Name: 'my-image', Description: 'with tools' })).ImageId ?? ''
  await is(async () => (await ec2.describeImages({ ImageIds: [image] })).Images?.[0]?.State, 'available')
})
afterAll(() => sc?.close())

describe('listinstances', () => {
  test('tells cluster and name of a node', async () => {
    const [first] = await json('listinstances')
    expect(first).toMatchObject({ id: master, state: 'running', type: 't3.small', cluster: 'lab', alias: 'master' })
    expect(first).toMatchObject({ groups: ['@sc-lab'], keyname: 'mine', stateReason: null })
    const text = await ok('lsi')
    expect(text).toMatch(new RegExp(`^INSTANCE +STATE.*\\n${master} +running +t3\\.small +lab +master +\\S+ +local-`))
    expect(text).toMatch(/\n\nTotal: 3$/)
  })
  test('--quiet prints ids, --long all there is to tell', async () => {
    expect((await ok('listinstances', '-q')).split('\n')[0]).toBe(master)
    expect(await ok('listinstances', '--long')).toContain(
      `id: ${master}\nstate: running\ntype: t3.small\ncluster: lab\n`,
    )
  })
  test('terminated ones only when asked for', async () => {
    const { Instances } = await sc.aws.ec2.runInstances({ ImageId: 'default', MinCount: 1, MaxCount: 1 })
    const id = Instances?.[0]?.InstanceId ?? ''
    await sc.aws.ec2.terminateInstances({ InstanceIds: [id] })
    await expect.poll(async () => ok('listinstances', '-q')).not.toContain(id)
    expect(await ok('listinstances', '-q', '-t')).toContain(id)
  })
})

test('listspots: the price in dollars an hour; closed ones only when asked for', async () => {
  expect(await json('listspots')).toMatchObject([{ id: spot, state: 'active', status: 'fulfilled', maxPrice: 0.02 }])
  expect(await ok('ls')).toContain('$0.0200')
  await sc.aws.ec2.cancelSpotInstanceRequests({ SpotInstanceRequestIds: [spot] })
  expect(await ok('listspots')).toBe('No spot requests in region local.')
  expect(await ok('listspots', '-c', '-q')).toBe(spot)
})

test('listimages: own ones; none are shared', async () => {
  const [mine] = await json('listimages')
  expect(mine).toMatchObject({
    id: image,
    name: 'my-image',
    state: 'available',
    description: 'with tools',
    rootSize: 8,
  })
  expect(mine?.snapshotIds).toHaveLength(1)
  expect(await ok('li')).toMatch(new RegExp(`${image} +my-image +available +(x86_64|arm64) +8 GiB`))
  expect(await ok('listimages', '-x')).toMatch(/^No images are shared with you in region local\./)
})

test('listpublic: images of the publishers only, with all words in any letter case', async () => {
  expect(await json('listpublic')).toMatchObject([{ publisher: 'local cloud', name: 'debian-12', public: true }])
  expect(await json('lp', 'Debian', 'LOCAL')).toHaveLength(1)
  expect(await ok('listpublic', 'plan9')).toBe('No public images with plan9 in region local.')
})

test('listkeypairs', async () => {
  expect(await json('listkeypairs')).toMatchObject([{ name: 'mine', type: 'ed25519' }])
  expect(await ok('lk', '-q')).toBe('mine')
})

test('listregions and listzones', async () => {
  expect(await json('listregions')).toEqual([{ name: 'local', endpoint: 'ec2.local.amazonaws.com' }])
  expect(await ok('listzones', '-r', 'local', '-q')).toBe('local-a\nlocal-b\nlocal-c')
  expect(await ok('lz')).toMatch(/^ZONE +ID +REGION +STATE\nlocal-a +local-az1 +local +available\n/)
})

describe('listvolumes', () => {
  const quiet = async (...argv: string[]) => (await ok('listvolumes', '-q', ...argv)).split('\n').filter(Boolean)

  test('what it is and which snapshots were taken of it', async () => {
    const all = await json('listvolumes')
    expect(all.find(({ id }) => id === volume)).toMatchObject({
      ...{ name: 'scratch', size: 3, status: 'available', zone: 'local-a', instanceId: null, attachmentStatus: null },
      ...{ snapshotIds: [snapshot], encrypted: false, tags: { Name: 'scratch', team: 'red' } },
    })
    expect(all.find(({ instanceId }) => instanceId === master)).toMatchObject({ attachmentStatus: 'attached', size: 8 })
  })
  test.each([
    [['-n', 'scratch']],
    [['-s', '3']],
    [['-S', 'available']],
    [['-z', 'local-a', '-t', 'team=red']],
    [['--tag', 'team=']],
  ])('%j finds it and no other', async (filters) => {
    expect(await quiet(...filters)).toEqual([volume])
  })
  test('filters that must all hold', async () => {
    expect(await quiet('-v', volume)).toEqual([volume])
    expect(await quiet('-v', volume, '-a', 'attached')).toEqual([])
    expect(await quiet('-i', snapshot)).toEqual([])
    expect(await ok('lv', '-n', 'nothing')).toMatch(/^No such volumes in region local\./)
  })
  test('usage errors exit 2 and say what would do', async () => {
    expect(await run('listvolumes', '-S', 'free')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Allowed choices are creating, available, in-use'),
    })
    expect(await run('listvolumes', '-t', 'team')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('"team" is not key=value'),
    })
    expect(await run('listvolumes', '-s', '0')).toMatchObject({ status: 2 })
  })
})

test('listclusters: the shape of its JSON, and names with --quiet', async () => {
  const empty = await inProcessManager()
  try {
    expect((await runCommand(empty, ['listclusters', '--json'])).stdout).toBe('[]\n')
    expect((await runCommand(empty, ['lc'])).stdout).toMatch(/^No clusters in region local\./)
  } finally {
    await empty.close()
  }
  expect(await json('listclusters')).toMatchObject([
    {
      tag: 'lab',
      securityGroup: '@sc-lab',
      volumes: [],
      nodes: [
        { alias: 'master', state: 'running', instanceId: master, ssh: null },
        { alias: 'node001', state: 'running' },
      ],
    },
  ])
  expect(await ok('listclusters', '-q')).toBe('lab')
})

test('every listing has a help with examples, and refuses --json together with --quiet', async () => {
  const listings = commands.filter(({ name }) => name.startsWith('list'))
  for (const { name } of listings) {
    expect((await run(name, '--help')).stdout).toMatch(/\n\nExamples:\n {2}\$ starcluster .*\n {2}\$ starcluster /)
    expect(await run(name, '--json', '-q')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("cannot be used with option '-q, --quiet'"),
    })
  }
})
