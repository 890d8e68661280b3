import { chmod, lstat, readFile, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../../src/core/config/index.js'
import { waitFor } from '../../../src/core/wait.js'
import { type InProcess, inProcessManager } from '../../support/in-process-manager.js'
import { runCommand } from '../../support/run-command.js'

let sc: InProcess
const run = (...argv: string[]) => runCommand(sc, argv)
const look = async (id: string) => (await sc.aws.ec2.describeVolumes({ VolumeIds: [id] })).Volumes?.[0]
const create = async (...argv: string[]) => /^vol-\w+/.exec((await run('createvolume', ...argv)).stdout)?.[0] ?? ''

beforeAll(async () => {
  sc = await inProcessManager()
})
afterAll(() => sc?.close())

test('createvolume makes what was asked for, and prints a config that works as it is', async () => {
  const { status, stdout } = await run(
    'createvolume',
    '7',
    'local-b',
    '-n',
    'data',
    '-t',
    'team=red,use=',
    '--throughput',
    '250',
  )
  expect(status).toBe(0)
  const id = /^(vol-\w+) {2}7 GiB {2}local-b$/m.exec(stdout)?.[1] ?? ''
  expect(await look(id)).toMatchObject({
    Size: 7,
    VolumeType: 'gp3',
    Throughput: 250,
    State: 'available',
    AvailabilityZone: 'local-b',
  })
  expect((await look(id))?.Tags).toEqual(
    expect.arrayContaining([
      { Key: 'Name', Value: 'data' },
      { Key: 'team', Value: 'red' },
      { Key: 'use', Value: '' },
    ]),
  )
  const file = await sc.home.write('printed', stdout.slice(stdout.indexOf('[volume')))
  const config = loadConfig({ file, env: sc.home.env })
  expect(config.volumes.get('data')).toMatchObject({ volumeId: id, mountPath: '/data', format: 'ext4' })
  expect(config.template('NAME', sc.deps.region.templateDefaults)).toMatchObject({ volumes: ['data'] })
})

test('--add-to-config adds a section at the end of the config and leaves the rest of it alone', async () => {
  const text = '# mine\n[cluster lab]\nvolumes = big'
  const file = await sc.home.write('dotfiles/rc', text)
  await chmod(file, 0o640)
  await symlink(file, join(sc.home.path, '.starclusterrc'))
  const { status, stdout } = await run('createvolume', '1', 'local-a', '--add-to-config', 'big')
  const id = /^vol-\w+/.exec(stdout)?.[0]
  expect(status).toBe(0)
  expect(stdout).toMatch(/It is \[volume big\] of \S+\.starclusterrc now\. A cluster has it with: volumes = big\n$/)
  expect(await readFile(file, 'utf8')).toBe(
    `${text}\n\n[volume big]\nvolume_id = ${id}\nmount_path = /big\nformat = ext4\n`,
  )
  expect((await lstat(join(sc.home.path, '.starclusterrc'))).isSymbolicLink()).toBe(true)
  expect((await stat(file)).mode & 0o777).toBe(0o640)
  const before = (await run('listvolumes', '-q')).stdout
  for (const [name, message] of [
    ['big', 'there is a section [volume big] in the config already'],
    ['a b', '"a b" cannot be the name of a [volume] section'],
  ] as const) {
    expect(await run('createvolume', '1', 'local-a', '--add-to-config', name)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(message),
    })
  }
  expect((await run('listvolumes', '-q')).stdout).toBe(before)
})

test('without a config --add-to-config writes a first one, for its owner only', async () => {
  await rm(join(sc.home.path, '.starclusterrc'))
  expect(await run('createvolume', '1', 'local-a', '--add-to-config', 'first')).toMatchObject({ status: 0 })
  const file = join(sc.home.path, '.starclusterrc')
  expect(await readFile(file, 'utf8')).toMatch(/^\[volume first\]\n/)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('a copy of a snapshot is not to be formatted', async () => {
  const { SnapshotId = '' } = await sc.aws.ec2.createSnapshot({ VolumeId: await create('1', 'local-a') })
  const done = async () =>
    (await sc.aws.ec2.describeSnapshots({ SnapshotIds: [SnapshotId] })).Snapshots?.[0]?.State === 'completed'
  await waitFor('the snapshot', done, { timeoutMs: 20_000, intervalMs: 20 })
  const { stdout } = await run('createvolume', '2', 'local-a', '--snapshot-id', SnapshotId)
  expect(stdout).not.toContain('format')
})

test('what cannot be made is said before anything is made', async () => {
  const before = (await run('listvolumes', '-q')).stdout
  expect(await run('createvolume', '5', 'local-d')).toMatchObject({
    status: 1,
    stderr: 'zone local-d does not exist in region local (did you mean local-a?)\nthere are: local-a, local-b, local-c',
  })
  expect(await run('cv', '0', 'local-a')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('not a positive whole number'),
  })
  expect(await run('createvolume', '5')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("missing required argument 'zone'"),
  })
  expect(await run('createvolume', '5', 'local-a', '--type', 'ssd')).toMatchObject({ status: 2 })
  expect(await run('createvolume', '99999', 'local-a')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^InvalidParameterValue/),
  })
  expect((await run('listvolumes', '-q')).stdout).toBe(before)
})

test('removevolume: by name or id, after a yes', async () => {
  const [one, two] = [await create('1', 'local-a', '-n', 'one'), await create('1', 'local-a')]
  const asked = await run('removevolume', 'one', two)
  expect(asked.status).toBe(1)
  expect(asked.stderr).toContain(`Volume ${one} "one", 1 GiB, in local-a, made 20`)
  expect(asked.stderr).toContain('give -c (--confirm) to go ahead')
  expect(await look(one)).toMatchObject({ State: 'available' })
  expect(await run('rv', '-c', 'one', two)).toMatchObject({ status: 0 })
  expect((await run('listvolumes', '-q')).stdout).not.toMatch(new RegExp(`${one}|${two}`))
})

test('removevolume leaves all as they are when one is in use, does not exist, or a name is of several', async () => {
  const free = await create('1', 'local-a', '-n', 'twin')
  await create('1', 'local-a', '-n', 'twin')
  const { Instances } = await sc.aws.ec2.runInstances({
    ImageId: 'default',
    MinCount: 1,
    MaxCount: 1,
    Placement: { AvailabilityZone: 'local-a' },
  })
  const InstanceId = Instances?.[0]?.InstanceId ?? ''
  const used = await create('1', 'local-a', '-n', 'used')
  const running = async () =>
    (await sc.aws.ec2.describeInstances({ InstanceIds: [InstanceId] })).Reservations?.[0]?.Instances?.[0]?.State
      ?.Name === 'running'
  await waitFor('it to run', running, { timeoutMs: 20_000, intervalMs: 20 })
  await sc.aws.ec2.attachVolume({ VolumeId: used, InstanceId, Device: '/dev/sdf' })
  expect(await run('removevolume', '-c', free, 'used')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(
      new RegExp(`volume ${used} cannot be removed: it is .*attached to ${InstanceId} as /dev/sdf`),
    ),
  })
  expect(await run('removevolume', '-c', free, 'usid')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('did you mean used?'),
  })
  expect(await run('removevolume', '-c', 'twin')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('2 volumes are called twin'),
  })
  expect(await look(free)).toMatchObject({ State: 'available' })
})
