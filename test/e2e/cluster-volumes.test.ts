import type { EC2 } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { cliOk, runCli } from '../support/cli.js'
import { localEc2 } from '../support/local-ec2.js'
import { canRunNodes } from '../support/privileges.js'
import { type TempHome, tempHome } from '../support/temp-home.js'

/** The volumes of a template through a cluster's whole life. One test after the other. */
describe.skipIf(!canRunNodes)('a cluster with volumes', () => {
  let home: TempHome
  let ec2: EC2
  let data = ''
  let homes = ''
  let foreign = ''
  const sc = (...args: string[]) => runCli(args, { env: home.env, timeoutMs: 240_000 })
  const ok = (...args: string[]) => cliOk(args, { env: home.env, timeoutMs: 240_000 })
  const on = async (node: string, command: string, tag = 't') => (await ok('sshnode', tag, node, command)).stdout.trim()
  const look = async (id: string) => (await ec2.describeVolumes({ VolumeIds: [id] })).Volumes?.[0]
  const free = async (id: string) => (await look(id))?.State === 'available'
  const create = async (zone = 'local-a') =>
    (await ec2.createVolume({ AvailabilityZone: zone, Size: 1, VolumeType: 'gp3' })).VolumeId ?? ''
  const section = (name: string, id: string, path: string, more = '') =>
    `[volume ${name}]\nvolume_id = ${id}\nmount_path = ${path}\n${more}\n`
  const configure = (format: string) =>
    home.write(
      '.starclusterrc',
      `${section('data', data, '/data', format)}${section('homes', homes, '/home', format)}[cluster lab]\nvolumes = data, homes\n`,
    )

  beforeAll(async () => {
    home = await tempHome()
    ec2 = await localEc2(home.env)
    ;[data, homes, foreign] = [await create(), await create(), await create()]
    const all = [data, homes, foreign]
    await waitFor('the volumes', async () => (await Promise.all(all.map(free))).every(Boolean), { timeoutMs: 60_000 })
  }, 240_000)

  afterAll(async () => {
    ec2?.destroy()
    await runCli(['local', 'reset', '--confirm'], { env: home.env })
    await home.remove()
  }, 120_000)

  test('a blank volume is not formatted unasked; the start says what to set, and "start -x" goes on', async () => {
    await configure('')
    const { status, output } = await sc('start', 't', '-s', '2', '-c', 'lab')
    expect(status).toBe(1)
    expect(output).toContain(`Attaching volume data (${data}) to master as /dev/sdz`)
    expect(output).toContain(`volume ${data} is blank: set format = ext4 in its [volume] section`)
    expect(await on('master', 'head -c 1M /dev/sdz | tr -d "\\0" | wc -c')).toBe('0')
  }, 240_000)

  test('asked for, it is; all nodes have it, and the shared home is on its own volume', async () => {
    await configure('format = ext4')
    await ok('start', '-x', 't')
    expect(await on('master', 'findmnt -no FSTYPE /data; findmnt -no FSTYPE /home')).toBe('ext4\next4')
    expect(await on('master', 'grep -c "^UUID=.* auto defaults,nofail 0 2$" /etc/fstab')).toBe('2')
    await on('master', 'echo from the master > /data/m; chmod 1777 /data; echo mine > ~sgeadmin/file')
    expect(await on('node001', 'cat /data/m; echo from a worker > /data/w')).toBe('from the master')
    expect(await on('master', 'cat /data/w')).toBe('from a worker')
  }, 240_000)

  test('nodes that join have them, nodes that leave lose their export', async () => {
    await ok('addnode', 't')
    expect(await on('node002', 'cat /data/m ~sgeadmin/file')).toBe('from the master\nmine')
    expect(await on('master', 'grep -c "^/data " /etc/exports')).toBe('2')
    await ok('removenode', '-c', 't', 'node002')
    expect(await on('master', 'grep -c "^/data " /etc/exports')).toBe('1')
  }, 240_000)

  test('a restart keeps them mounted', async () => {
    await ok('restart', 't')
    expect(await on('node001', 'cat /data/m')).toBe('from the master')
    expect(await on('master', 'grep -c /data /etc/fstab')).toBe('1')
  }, 240_000)

  test('a stop frees them, and only them; a resume has them again', async () => {
    const master = (await look(data))?.Attachments?.[0]?.InstanceId
    await ec2.attachVolume({ VolumeId: foreign, InstanceId: master, Device: '/dev/sdf' })
    await waitFor('it to be attached', async () => (await look(foreign))?.Attachments?.[0]?.State === 'attached', {
      timeoutMs: 60_000,
    })
    await ok('stop', '-c', 't')
    expect([await free(data), await free(homes), await free(foreign)]).toEqual([true, true, false])
    await ok('start', '-x', 't')
    expect(await on('node001', 'cat /data/m ~sgeadmin/file')).toBe('from the master\nmine')
  }, 240_000)

  test('while one cluster has them another is refused before anything is launched, naming who has them', async () => {
    const { status, output } = await sc('start', 'other', '-s', '1', '-c', 'lab')
    expect(status).toBe(1)
    expect(output).toMatch(/volume data \(vol-\w+\) is attached to i-\w+, so it cannot be attached to a new master/)
    expect((await ok('listclusters')).stdout).not.toContain('@sc-other')
  }, 240_000)

  test('they outlive the cluster: the next one has the data, the user and his ids', async () => {
    const ids = await on('master', 'id -u sgeadmin')
    const { stdout } = await ok('terminate', '--dry-run', 't')
    expect(stdout).toMatch(/deleted: 2 nodes \(master,node001\) with 2 disks, security group @sc-t\n/)
    expect(stdout).toContain(`kept:    volume ${data}, attached to master\n`)
    await ok('terminate', '-c', 't')
    await waitFor('the volumes to be free', async () => (await free(data)) && (await free(homes)), {
      timeoutMs: 60_000,
    })
    await ok('start', 'next', '-s', '2', '-c', 'lab')
    expect(await on('node001', 'cat /data/w ~sgeadmin/file; id -u sgeadmin', 'next')).toBe(
      `from a worker\nmine\n${ids}`,
    )
    await ok('terminate', '-c', 'next')
  }, 240_000)

  test('a volume in another zone decides the zone; one that does not exist is named', async () => {
    const elsewhere = await create('local-b')
    await waitFor('the volume', () => free(elsewhere), { timeoutMs: 60_000 })
    await home.write(
      '.starclusterrc',
      `${section('far', elsewhere, '/far', 'format = xfs')}[cluster lab]\nvolumes = far\n`,
    )
    await ok('start', 'far', '-s', '1', '-c', 'lab')
    expect((await ok('listclusters', 'far')).stdout).toContain('local-b')
    expect(await on('master', 'findmnt -no FSTYPE /far', 'far')).toContain('xfs')
    await ok('terminate', '-c', 'far')
    const both = `${section('a', data, '/a')}${section('b', elsewhere, '/b')}${section('c', 'vol-0123456789abcdef0', '/c')}`
    await home.write('.starclusterrc', `${both}[cluster two]\nvolumes = a, b\n[cluster gone]\nvolumes = c\n`)
    expect((await sc('start', 'x', '-c', 'two')).output).toContain(
      'the volumes are in different zones: a in local-a, b in local-b',
    )
    expect((await sc('start', 'x', '-c', 'gone')).output).toContain('vol-0123456789abcdef0')
  }, 240_000)
})
