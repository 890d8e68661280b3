import { describe, expect, test } from 'vitest'
import { reconcile, settled as settledOf } from '../../../src/localcloud/ec2/index.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'
import { idOf, idsOf, refused } from './support.js'
import { volumeCloud, ZONE } from './volume-cloud.js'

describe('CreateVolume and DeleteVolume', () => {
  test('creating, then available; deleted it is gone with its tags', async () => {
    const { ec2, engine, settled, look } = volumeCloud()
    const TagSpecifications = [{ ResourceType: 'volume' as const, Tags: [{ Key: 'k', Value: 'v' }] }]
    const made = await ec2.createVolume({ AvailabilityZone: ZONE, Size: 10, TagSpecifications })
    expect(made).toMatchObject({ State: 'creating', Size: 10, VolumeType: 'gp2', Iops: 100, Encrypted: false })
    expect(made.Tags).toEqual([{ Key: 'k', Value: 'v' }])
    const id = made.VolumeId ?? ''
    await settled()
    expect(await look(id)).toMatchObject({ State: 'available', AvailabilityZone: ZONE, Attachments: [] })
    expect(engine.volumes.sizes.get(id)).toBe(10)
    await ec2.deleteVolume({ VolumeId: id })
    await settled()
    await expect(look(id)).rejects.toMatchObject(refused('InvalidVolume.NotFound', id))
    expect(engine.volumes.sizes.size).toBe(0)
    expect((await ec2.describeTags({})).Tags).toEqual([])
  })

  test.each([
    [{ VolumeType: 'gp2', Size: 1000 }, { Iops: 3000 }],
    [
      { VolumeType: 'gp3', Size: 1 },
      { Iops: 3000, Throughput: 125 },
    ],
    [
      { VolumeType: 'gp3', Size: 100, Iops: 4000, Throughput: 1000 },
      { Iops: 4000, Throughput: 1000 },
    ],
    [{ VolumeType: 'io2', Size: 4, Iops: 4000 }, { Iops: 4000 }],
    [{ VolumeType: 'st1', Size: 125 }, { VolumeType: 'st1' }],
    [{ VolumeType: 'standard', Size: 1024 }, { VolumeType: 'standard' }],
    [{ Encrypted: true }, { Encrypted: true, KmsKeyId: 'arn:aws:kms:local:000000000000:alias/aws/ebs' }],
  ])('%j is taken', async (input, told) => {
    const { create, look } = volumeCloud()
    expect(await look(await create(input))).toMatchObject(told)
  })

  test.each([
    [{ Size: undefined }, 'MissingParameter', 'size/snapshot'],
    [{ AvailabilityZone: undefined }, 'MissingParameter', 'AvailabilityZone'],
    [{ AvailabilityZoneId: 'local-az1' }, 'InvalidParameterCombination', 'not both'],
    [{ AvailabilityZone: 'us-east-1a' }, 'InvalidZone.NotFound', 'us-east-1a'],
    [{ VolumeType: 'gp9' }, 'UnknownVolumeType', 'gp9'],
    [{ Size: 0 }, 'InvalidParameterValue', 'too small; minimum is 1GiB'],
    [{ Size: 16_385 }, 'InvalidParameterValue', 'too large; maximum is 16384GiB'],
    [{ VolumeType: 'sc1' }, 'InvalidParameterValue', 'minimum is 125GiB'],
    [{ VolumeType: 'standard', Size: 1025 }, 'InvalidParameterValue', 'maximum is 1024GiB'],
    [{ VolumeType: 'gp2', Iops: 300 }, 'InvalidParameterCombination', 'iops is not supported for gp2'],
    [{ VolumeType: 'io1' }, 'MissingParameter', 'iops'],
    [{ VolumeType: 'io1', Iops: 501 }, 'InvalidParameterValue', 'ratio of 50.100000 is too high; maximum is 50'],
    [{ VolumeType: 'io2', Iops: 99 }, 'InvalidParameterValue', 'too low; minimum is 100'],
    [{ VolumeType: 'gp3', Iops: 80_001, Size: 1000 }, 'InvalidParameterValue', 'too high; maximum is 80000'],
    [{ VolumeType: 'gp3', Throughput: 751 }, 'InvalidParameterValue', 'Throughput (MiBps) to iops ratio'],
    [{ VolumeType: 'gp3', Throughput: 124 }, 'InvalidParameterValue', 'between 125 and 2000'],
    [{ VolumeType: 'io1', Iops: 100, Throughput: 200 }, 'InvalidParameterCombination', 'volumeType gp3'],
    [{ KmsKeyId: 'alias/mine' }, 'InvalidParameterCombination', 'Encrypted'],
    [{ MultiAttachEnabled: true }, 'UnsupportedOperation', 'Multi-Attach'],
    [{ SnapshotId: 'snap-00000000000000000' }, 'InvalidSnapshot.NotFound', 'snap-00000000000000000'],
    [{ SnapshotId: 'nonsense' }, 'InvalidParameterValue', "Expected: 'snap-...'"],
    [{ DryRun: true }, 'DryRunOperation', ''],
  ])('%j is refused: %s', async (input, code, mention) => {
    const { ec2, create } = volumeCloud()
    await expect(create(input)).rejects.toMatchObject(refused(code, mention))
    expect((await ec2.describeVolumes({})).Volumes).toEqual([])
  })

  test('the same client token is the same volume, with other parameters an error', async () => {
    const { create, ec2 } = volumeCloud()
    const first = await create({ ClientToken: 'once' })
    expect(await create({ ClientToken: 'once' })).toBe(first)
    await expect(create({ ClientToken: 'once', Size: 11 })).rejects.toMatchObject(
      refused('IdempotentParameterMismatch'),
    )
    expect((await ec2.describeVolumes({})).Volumes).toHaveLength(1)
  })

  test('one that cannot be made is in the state error, is told as impaired, and can be deleted', async () => {
    const { ec2, engine, create, look, settled } = volumeCloud()
    engine.volumes.create = async () => {
      throw new Error('no space left on the disk')
    }
    const id = await create()
    expect((await look(id))?.State).toBe('error')
    const { VolumeStatuses } = await ec2.describeVolumeStatus({ VolumeIds: [id] })
    expect(VolumeStatuses?.[0]?.VolumeStatus?.Status).toBe('impaired')
    await ec2.deleteVolume({ VolumeId: id })
    await settled()
    expect((await ec2.describeVolumes({})).Volumes).toEqual([])
  })
})

describe('AttachVolume and DetachVolume', () => {
  test('a running instance sees it at once, a stopped one from its next start on; it keeps its place over both', async () => {
    const { ec2, engine, launch, create, look, find, settled } = volumeCloud()
    const [InstanceId = '', other = ''] = idsOf(await launch(2))
    const id = await create()
    const attached = await ec2.attachVolume({ VolumeId: id, InstanceId, Device: '/dev/sdf' })
    expect(attached).toMatchObject({ State: 'attaching', Device: '/dev/sdf', InstanceId, DeleteOnTermination: false })
    await settled()
    expect(await look(id)).toMatchObject({ State: 'in-use', Attachments: [{ State: 'attached', InstanceId }] })
    expect(engine.volumes.attached.get(id)).toBe(InstanceId)
    expect((await find(InstanceId)).BlockDeviceMappings).toMatchObject([
      { DeviceName: '/dev/xvda', Ebs: { Status: 'attached', DeleteOnTermination: true } },
      { DeviceName: '/dev/sdf', Ebs: { VolumeId: id, Status: 'attached', DeleteOnTermination: false } },
    ])
    await ec2.stopInstances({ InstanceIds: [InstanceId, other] })
    await settled()
    expect(await look(id)).toMatchObject({ State: 'in-use', Attachments: [{ State: 'attached' }] })
    const second = await create()
    await ec2.attachVolume({ VolumeId: second, InstanceId, Device: 'xvdg' })
    await settled()
    expect(engine.volumes.attached.has(second)).toBe(false)
    expect(await look(second)).toMatchObject({ State: 'in-use', Attachments: [{ State: 'attached', Device: 'xvdg' }] })
    await ec2.startInstances({ InstanceIds: [InstanceId] })
    await settled()
    expect(engine.nodes.get(InstanceId)?.spec.volumes).toEqual([
      { volume: id, device: '/dev/sdf' },
      { volume: second, device: '/dev/xvdg' },
    ])
    await ec2.detachVolume({ VolumeId: id })
    await settled()
    await ec2.attachVolume({ VolumeId: id, InstanceId: other, Device: '/dev/sdf' })
    await ec2.startInstances({ InstanceIds: [other] })
    await settled()
    expect(engine.volumes.attached).toEqual(
      new Map([
        [second, InstanceId],
        [id, other],
      ]),
    )
  })

  test('one that is mounted is busy until it is not, or until it is forced; a stop ends it too', async () => {
    const { ec2, engine, launch, create, look, settled, find } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const ids = [await create(), await create(), await create()] as const
    for (const [at, VolumeId] of ids.entries()) {
      await ec2.attachVolume({ VolumeId, InstanceId, Device: `/dev/sd${'fgh'[at]}` })
      engine.volumes.mounted.add(VolumeId)
    }
    await settled()
    for (const VolumeId of ids) expect((await ec2.detachVolume({ VolumeId })).State).toBe('detaching')
    await settled()
    for (const id of ids) expect((await look(id))?.Attachments?.[0]?.State).toBe('busy')
    expect((await find(InstanceId)).BlockDeviceMappings?.at(-1)?.Ebs?.Status).toBe('detaching')
    engine.volumes.mounted.delete(ids[0])
    await expect.poll(async () => (await look(ids[0]))?.State, { timeout: 10_000 }).toBe('available')
    await ec2.detachVolume({ VolumeId: ids[1], Force: true })
    await settled()
    expect((await look(ids[1]))?.State).toBe('available')
    await ec2.stopInstances({ InstanceIds: [InstanceId] })
    await expect.poll(async () => (await look(ids[2]))?.State, { timeout: 10_000 }).toBe('available')
    expect((await find(InstanceId)).BlockDeviceMappings).toHaveLength(1)
  })

  test('the end of an instance: volumes stay or go as their attachment says', async () => {
    const { ec2, engine, launch, create, look, settled } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const [stays, goes] = [await create(), await create()]
    await ec2.attachVolume({ VolumeId: stays, InstanceId, Device: '/dev/sdf' })
    await ec2.attachVolume({ VolumeId: goes, InstanceId, Device: '/dev/sdg' })
    await settled()
    await ec2.modifyInstanceAttribute({
      InstanceId,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvdg', Ebs: { DeleteOnTermination: true } }],
    })
    engine.volumes.mounted.add(stays)
    await ec2.terminateInstances({ InstanceIds: [InstanceId] })
    await settled()
    expect(await look(stays)).toMatchObject({ State: 'available', Attachments: [] })
    expect((await ec2.describeVolumes({})).Volumes?.map(({ VolumeId }) => VolumeId)).toEqual([stays])
    expect([...engine.volumes.sizes.keys()]).toEqual([stays])
  })

  test('one that cannot be shown to its instance is available again and says why; asked back meanwhile it comes back', async () => {
    const { cloud, ec2, engine, launch, create, look, settled } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const VolumeId = await create()
    const shown = engine.volumes.attach.bind(engine.volumes)
    engine.volumes.attach = async () => {
      throw new Error('no loop device is free')
    }
    await ec2.attachVolume({ VolumeId, InstanceId, Device: '/dev/sdf' })
    await settled()
    expect((await look(VolumeId))?.State).toBe('available')
    expect(cloud.state.ec2.volumes[VolumeId]?.failure).toMatch(/could not be attached: no loop device is free/)
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    engine.volumes.attach = async (node, attachment) => {
      await held
      await shown(node, attachment)
    }
    await ec2.attachVolume({ VolumeId, InstanceId, Device: '/dev/sdf' })
    await ec2.detachVolume({ VolumeId })
    release()
    await settled()
    expect((await look(VolumeId))?.State).toBe('available')
    expect(engine.volumes.attached.size).toBe(0)
  })

  test('what is refused', async () => {
    const { ec2, launch, create, look, settled } = volumeCloud()
    const [InstanceId = '', other = ''] = idsOf(await launch(2))
    const VolumeId = await create()
    const attach = (more: object = {}) => ec2.attachVolume({ VolumeId, InstanceId, Device: '/dev/sdf', ...more })
    await expect(attach({ VolumeId: 'vol-00000000000000000' })).rejects.toMatchObject(refused('InvalidVolume.NotFound'))
    await expect(attach({ VolumeId: 'vol-1' })).rejects.toMatchObject(refused('InvalidParameterValue', "'vol-...'"))
    await expect(attach({ InstanceId: 'i-00000000000000000' })).rejects.toMatchObject(
      refused('InvalidInstanceID.NotFound'),
    )
    await expect(attach({ Device: '/dev/nvme1n1' })).rejects.toMatchObject(
      refused('InvalidParameterValue', '/dev/nvme1n1 is not a valid EBS device name'),
    )
    await expect(attach({ Device: '/dev/sda1' })).rejects.toMatchObject(
      refused('InvalidParameterValue', 'Attachment point /dev/sda1 is already in use'),
    )
    await expect(attach({ DryRun: true })).rejects.toMatchObject(refused('DryRunOperation'))
    const elsewhere = await create({ AvailabilityZone: 'local-b' })
    await expect(attach({ VolumeId: elsewhere })).rejects.toMatchObject(
      refused('InvalidVolume.ZoneMismatch', elsewhere),
    )
    await expect(ec2.detachVolume({ VolumeId })).rejects.toMatchObject(
      refused('IncorrectState', `Volume '${VolumeId}' is in the 'available' state.`),
    )
    await attach()
    await settled()
    await expect(attach({ InstanceId: other })).rejects.toMatchObject(refused('VolumeInUse', 'already attached'))
    const second = await create()
    await expect(attach({ VolumeId: second, Device: '/dev/xvdf' })).rejects.toMatchObject(
      refused('InvalidParameterValue', 'Attachment point /dev/xvdf is already in use'),
    )
    await expect(ec2.deleteVolume({ VolumeId })).rejects.toMatchObject(refused('VolumeInUse', InstanceId))
    await expect(ec2.detachVolume({ VolumeId, InstanceId: other })).rejects.toMatchObject(
      refused('InvalidAttachment.NotFound'),
    )
    const root = (await ec2.describeVolumes({ Filters: [{ Name: 'attachment.device', Values: ['/dev/xvda'] }] }))
      .Volumes?.[0]?.VolumeId
    await expect(ec2.detachVolume({ VolumeId: root })).rejects.toMatchObject(refused('IncorrectState', 'root volume'))
    await ec2.terminateInstances({ InstanceIds: [other] })
    await settled()
    await expect(attach({ VolumeId: second, InstanceId: other })).rejects.toMatchObject(
      refused('IncorrectState', "is not 'running'"),
    )
    expect((await look(second))?.State).toBe('available')
  })
})

describe('volumes of a launch', () => {
  test('root and data volumes as the mappings say, each with the tags; they are there before the instance runs', async () => {
    const { ec2, engine, launch, find } = volumeCloud()
    const BlockDeviceMappings = [
      { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, VolumeType: 'gp2' as const } },
      { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 5, Encrypted: true } },
      { DeviceName: '/dev/sdg', Ebs: { VolumeSize: 6, DeleteOnTermination: false } },
      { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
      { DeviceName: '/dev/sdh', NoDevice: '' },
    ]
    const TagSpecifications = [{ ResourceType: 'volume' as const, Tags: [{ Key: 'k', Value: 'v' }] }]
    const ids = idsOf(await launch(2, { BlockDeviceMappings, TagSpecifications }))
    for (const id of ids) {
      const mapped = (await find(id)).BlockDeviceMappings ?? []
      expect(mapped).toMatchObject([
        { DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: true, Status: 'attached' } },
        { DeviceName: '/dev/sdf', Ebs: { DeleteOnTermination: true, Status: 'attached' } },
        { DeviceName: '/dev/sdg', Ebs: { DeleteOnTermination: false, Status: 'attached' } },
      ])
      expect(engine.nodes.get(id)?.spec.diskGiB).toBe(20)
      const shown = engine.nodes.get(id)?.spec.volumes ?? []
      expect(shown.map(({ device }) => device)).toEqual(['/dev/sdf', '/dev/sdg'])
      expect(shown.map(({ volume }) => engine.volumes.sizes.get(volume))).toEqual([5, 6])
    }
    const named = async (Name: string, Value: string) =>
      ((await ec2.describeVolumes({ Filters: [{ Name, Values: [Value] }] })).Volumes ?? []).length
    expect(await named('tag:k', 'v')).toBe(6)
    expect(await named('attachment.instance-id', ids[0] ?? '')).toBe(3)
    expect(await named('size', '20')).toBe(2)
    expect(await named('encrypted', 'true')).toBe(2)
    expect(await named('attachment.delete-on-termination', 'false')).toBe(2)
    expect(await named('status', 'available')).toBe(0)
    expect(await named('volume-type', 'gp*')).toBe(6)
    const { Reservations } = await ec2.describeInstances({
      Filters: [{ Name: 'block-device-mapping.device-name', Values: ['/dev/sdg'] }],
    })
    expect(Reservations).toHaveLength(1)
  })

  test.each([
    [{ DeviceName: '/dev/sdf', Ebs: { VolumeType: 'gp2' } }, 'MissingParameter', 'size or snapshotId'],
    [{ DeviceName: '/dev/sdf' }, 'InvalidBlockDeviceMapping', '/dev/sdf'],
    [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 4 } }, 'InvalidBlockDeviceMapping', 'smaller than the image'],
    [{ DeviceName: '/dev/xvda', NoDevice: '' }, 'InvalidBlockDeviceMapping', 'root device'],
    [{ DeviceName: 'disk', Ebs: { VolumeSize: 4 } }, 'InvalidParameterValue', 'not a valid EBS device name'],
    [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 4, Iops: 100 } }, 'InvalidParameterCombination', 'gp2'],
    [{ DeviceName: '/dev/sdb', VirtualName: 'disk0' }, 'InvalidBlockDeviceMapping', 'disk0'],
  ])('the mapping %j is refused: %s', async (mapping, code, mention) => {
    const { ec2, launch } = volumeCloud()
    await expect(launch(1, { BlockDeviceMappings: [mapping] })).rejects.toMatchObject(refused(code, mention))
    expect((await ec2.describeVolumes({})).Volumes).toEqual([])
  })

  test('more volumes than an instance may have are refused, at the launch and later', async () => {
    const { ec2, launch, create } = volumeCloud()
    const mapping = (DeviceName: string) => ({ DeviceName, Ebs: { VolumeSize: 1 } })
    const BlockDeviceMappings = [...'bcdefghijklmnopqrstuvwxyz'].map((letter) => mapping(`/dev/sd${letter}`))
    const most = [...BlockDeviceMappings, mapping('/dev/xvdba')]
    const limit = refused('AttachmentLimitExceeded')
    const more = launch(1, { BlockDeviceMappings: [...most, mapping('/dev/xvdbb')] })
    await expect(more).rejects.toMatchObject(limit)
    const [InstanceId = ''] = idsOf(await launch(1, { BlockDeviceMappings: most }))
    const VolumeId = await create()
    await expect(ec2.attachVolume({ VolumeId, InstanceId, Device: '/dev/xvdbb' })).rejects.toMatchObject(limit)
  })

  test('a device mapped twice is refused', async () => {
    const { launch } = volumeCloud()
    const two = ['/dev/sdf', '/dev/xvdf'].map((DeviceName) => ({ DeviceName, Ebs: { VolumeSize: 1 } }))
    await expect(launch(1, { BlockDeviceMappings: two })).rejects.toMatchObject(refused('InvalidBlockDeviceMapping'))
  })

  test('an instance whose volume cannot be made ends, and leaves nothing', async () => {
    const { ec2, engine, launch, find } = volumeCloud()
    engine.volumes.create = async () => {
      throw new Error('no space left on the disk')
    }
    const [id = ''] = idsOf(await launch(1, { BlockDeviceMappings: [{ DeviceName: 'sdf', Ebs: { VolumeSize: 1 } }] }))
    expect(await find(id)).toMatchObject({
      State: { Name: 'terminated' },
      StateReason: { Message: expect.stringContaining('no space left') },
    })
    expect((await ec2.describeVolumes({})).Volumes).toEqual([])
  })

  test('a root volume that outlives its instance keeps the disk until it is deleted', async () => {
    const { cloud, ec2, engine, launch, look, settled } = volumeCloud()
    const mapping = { DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: false } }
    const [instance] = await launch(1, { BlockDeviceMappings: [mapping] })
    const VolumeId = cloud.state.ec2.instances[idOf(instance)]?.rootVolumeId ?? ''
    await ec2.terminateInstances({ InstanceIds: [idOf(instance)] })
    await settled()
    expect(await look(VolumeId)).toMatchObject({ State: 'available', Attachments: [] })
    await reconcile(cloud)
    expect(engine.nodes.get(idOf(instance))?.state).toBe('stopped')
    const [other] = await launch()
    await expect(ec2.attachVolume({ VolumeId, InstanceId: idOf(other), Device: '/dev/sdf' })).rejects.toMatchObject(
      refused('UnsupportedOperation', 'snapshot'),
    )
    await ec2.deleteVolume({ VolumeId })
    await settled()
    expect(engine.nodes.has(idOf(instance))).toBe(false)
  })
})

describe('after a daemon that was killed', () => {
  test('what was begun is gone on with; what nobody knows is named and kept; what is lost says so', async () => {
    const { cloud, engine, launch, create, ec2 } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const [attaching, detaching, deleting, lost] = [await create(), await create(), await create(), await create()]
    const half = { ...cloud.state.ec2.volumes[attaching]!, id: 'vol-0000000000000aaaa', state: 'creating' as const }
    cloud.state.ec2.volumes[half.id] = half
    await ec2.attachVolume({ VolumeId: detaching, InstanceId, Device: '/dev/sdg' })
    const state = structuredClone(cloud.state)
    const { volumes, instances } = state.ec2
    const at = { instanceId: InstanceId, at: half.createdAt, deleteOnTermination: false }
    volumes[attaching]!.state = 'in-use'
    volumes[attaching]!.attachment = { ...at, device: '/dev/sdf', state: 'attaching' }
    instances[InstanceId]!.volumeIds.push(attaching)
    volumes[detaching]!.attachment!.state = 'detaching'
    volumes[deleting]!.state = 'deleting'
    engine.volumes.sizes.delete(lost)
    engine.volumes.sizes.set('vol-0000000000000bbbb', 1)
    engine.volumes.snapshots.add('snap-0000000000000cccc')
    const second = createInProcessCloud({ engine, state })
    const found = await reconcile(second.cloud)
    expect(found.volumes).toEqual({ unknown: ['vol-0000000000000bbbb', 'snap-0000000000000cccc'], lost: [lost] })
    await settledOf(second.cloud)
    const states = Object.fromEntries(Object.values(volumes).map((volume) => [volume.id, volume.state]))
    expect(states).toEqual({
      [instances[InstanceId]!.rootVolumeId]: 'in-use',
      [attaching]: 'in-use',
      [detaching]: 'available',
      [half.id]: 'available',
      [lost]: 'error',
    })
    expect(volumes[attaching]?.attachment?.state).toBe('attached')
    expect(engine.volumes.attached).toEqual(new Map([[attaching, InstanceId]]))
    expect(engine.volumes.sizes.has('vol-0000000000000bbbb')).toBe(true)
    engine.volumes.sizes.set(lost, 10)
    expect((await reconcile(second.cloud)).volumes.lost).toEqual([])
    expect(volumes[lost]?.state).toBe('available')
  })

  test('a state from before there were volumes has its root volumes', async () => {
    const { cloud, engine, launch, settled } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    await settled()
    const state = structuredClone(cloud.state)
    const old = state.ec2 as Partial<typeof state.ec2>
    delete old.volumes
    delete old.snapshots
    delete (state.ec2.instances[InstanceId] as { volumeIds?: unknown }).volumeIds
    const second = createInProcessCloud({ engine, state })
    await reconcile(second.cloud)
    expect(Object.values(state.ec2.volumes)).toMatchObject([
      { rootOf: InstanceId, size: 8, state: 'in-use', attachment: { state: 'attached', device: '/dev/xvda' } },
    ])
  })
})
