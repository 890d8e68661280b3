import type { EC2 } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, runCli } from '../support/cli.js'
import { localEc2 } from '../support/local-ec2.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

const DEVICE = '/dev/sdf'
const WAIT = { timeoutMs: 120_000, intervalMs: 200 }

/** A database as packages install it, with its data on a volume. One test after the other. */
describe.skipIf(!canRunNodes)('PostgreSQL with its data on a volume', () => {
  let home: TempHome
  let ec2: EC2
  let volume = ''
  let image = ''
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const on = async (cluster: string, command: string) => (await ok('sshmaster', cluster, command)).stdout.trim()
  const sql = (cluster: string, query: string) => on(cluster, `cd / && runuser -u postgres -- psql -qtA -c "${query}"`)
  const ready = (cluster: string) => on(cluster, 'timeout 60 sh -c "until pg_isready -q; do sleep 0.2; done"')

  const masterOf = async (cluster: string) => {
    const { Reservations = [] } = await ec2.describeInstances({
      Filters: [
        { Name: 'instance.group-name', Values: [`@sc-${cluster}`] },
        { Name: 'instance-state-name', Values: ['running'] },
      ],
    })
    const instance = Reservations[0]?.Instances?.[0]
    return { id: instance?.InstanceId ?? '', zone: instance?.Placement?.AvailabilityZone ?? '' }
  }
  const volumeIs = (state: string, id = volume) =>
    waitFor(
      `volume ${id} to be ${state}`,
      async () => (await look(id))?.State === state && settled(await look(id)),
      WAIT,
    )
  const look = async (id: string) => (await ec2.describeVolumes({ VolumeIds: [id] })).Volumes?.[0]
  const settled = (one: Awaited<ReturnType<typeof look>>) =>
    (one?.Attachments ?? []).every((at) => at.State === 'attached')
  const attach = async (cluster: string) => {
    await ec2.attachVolume({ VolumeId: volume, InstanceId: (await masterOf(cluster)).id, Device: DEVICE })
    await volumeIs('in-use')
  }
  const detach = async (id: string) => {
    await ec2.detachVolume({ VolumeId: id })
    await volumeIs('available', id)
  }

  beforeAll(async () => {
    home = await tempHome()
    await ok('start', 'one', '-s', '1')
    await ok('local', 'snapshot', 'one', 'clean')
    ec2 = await localEc2(home.env)
  }, 240_000)

  afterAll(async () => {
    ec2?.destroy()
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  }, 120_000)

  test('installed over apt it runs, with its data directory on a formatted volume', async () => {
    const made = await ec2.createVolume({ AvailabilityZone: (await masterOf('one')).zone, Size: 1, VolumeType: 'gp3' })
    volume = made.VolumeId ?? ''
    await volumeIs('available')
    await attach('one')
    await on(
      'one',
      `mkfs.ext4 -q -L data ${DEVICE} && echo 'LABEL=data /srv/data ext4 defaults,nofail 0 2' >> /etc/fstab`,
    )
    await on('one', 'mkdir /srv/data && mount /srv/data && apt-get -y -q install postgresql >/dev/null 2>&1')
    await on(
      'one',
      'v=$(ls /etc/postgresql) && pg_dropcluster --stop $v main && pg_createcluster -d /srv/data/pg $v main',
    )
    await on('one', 'service postgresql restart')
    await ready('one')
    await sql('one', "create table walk as select 'kept' as what")
    expect(await sql('one', 'show data_directory')).toBe('/srv/data/pg')
    expect(await on('one', 'df --output=target /srv/data/pg | tail -1')).toBe('/srv/data')
    expect((await ok('local', 'status')).stdout).toMatch(
      new RegExp(`${volume} +in-use +1 GiB +[1-9][0-9.]+ MiB +i-\\w+ ${DEVICE}`),
    )
  }, 300_000)

  test('stopped and started, it runs again by itself and has its data', async () => {
    await ok('stop', '--confirm', 'one')
    await ok('start', '-x', 'one')
    await ready('one')
    expect(await sql('one', 'select what from walk')).toBe('kept')
  }, 240_000)

  test('an image of the machine starts a second cluster, with the database and a copy of its volume', async () => {
    const { ImageId = '' } = await ec2.createImage({
      InstanceId: (await masterOf('one')).id,
      Name: 'with a database',
      BlockDeviceMappings: [{ DeviceName: DEVICE, Ebs: { DeleteOnTermination: true } }],
    })
    image = ImageId
    const state = async () => (await ec2.describeImages({ ImageIds: [image] })).Images?.[0]?.State
    await waitFor('the image', async () => (await state()) !== 'pending', WAIT)
    expect(await state()).toBe('available')
    await ready('one')
    await sql('one', "insert into walk values ('after the image')")
    await ok('start', 'two', '-s', '1', '-n', image)
    await ready('two')
    expect(await sql('two', 'select what from walk')).toBe('kept')
  }, 300_000)

  test('a rollback removes the packages and leaves the mounted volume as it is', async () => {
    await on('one', 'sync')
    await ok('local', 'rollback', 'one', 'clean')
    expect(await on('one', 'ls /usr/lib/postgresql 2>/dev/null || echo none')).toBe('none')
    expect(await on('one', `fsck.ext4 -fn ${DEVICE} >/dev/null && mount ${DEVICE} /mnt && ls /mnt/pg/PG_VERSION`)).toBe(
      '/mnt/pg/PG_VERSION',
    )
    const { State } = await ec2.detachVolume({ VolumeId: volume })
    expect(State).toBe('detaching')
    await waitFor('it to be busy', async () => (await look(volume))?.Attachments?.[0]?.State === 'busy', WAIT)
    await on('one', 'umount /mnt')
    await volumeIs('available')
  }, 240_000)

  test('the volume moved to a machine of the other cluster: all its data is there', async () => {
    const { id } = await masterOf('two')
    const { Volumes } = await ec2.describeVolumes({
      Filters: [
        { Name: 'attachment.instance-id', Values: [id] },
        { Name: 'attachment.device', Values: [DEVICE] },
      ],
    })
    const copy = Volumes?.[0]?.VolumeId ?? ''
    await on('two', 'service postgresql stop && umount /srv/data')
    await detach(copy)
    await ec2.deleteVolume({ VolumeId: copy })
    await attach('two')
    await on('two', 'mount /srv/data && service postgresql start')
    await ready('two')
    expect((await sql('two', 'select what from walk')).split('\n')).toEqual(['kept', 'after the image'])
  }, 240_000)

  test('at the end of its machine it stays; images go with their snapshots', async () => {
    await ok('terminate', '--confirm', 'two')
    await volumeIs('available')
    await ok('local', 'image', 'remove', image)
    await ec2.deleteVolume({ VolumeId: volume })
    await waitFor('volumes to go', async () => (await ok('local', 'status')).stdout.match(/vol-|snap-/) === null, WAIT)
  }, 240_000)
})
