import { describe, expect, test } from 'vitest'
import { reconcile } from '../../../src/localcloud/ec2/index.js'
import { idOf, idsOf, refused } from './support.js'
import { volumeCloud, ZONE } from './volume-cloud.js'

describe('snapshots of volumes', () => {
  test('pending, then completed; a volume of it; deleted, its content goes when nothing needs it', async () => {
    const { ec2, engine, create, look, settled, lookAtSnapshot } = volumeCloud()
    const VolumeId = await create({ Encrypted: true })
    const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags: [{ Key: 'k', Value: 'v' }] }]
    const made = await ec2.createSnapshot({ VolumeId, Description: 'mine', TagSpecifications })
    expect(made).toMatchObject({
      State: 'pending',
      Progress: '0%',
      VolumeSize: 10,
      Description: 'mine',
      Encrypted: true,
    })
    const SnapshotId = made.SnapshotId ?? ''
    await settled()
    expect(await lookAtSnapshot(SnapshotId)).toMatchObject({ State: 'completed', Progress: '100%', VolumeId })
    await ec2.deleteVolume({ VolumeId })
    const bigger = await create({ SnapshotId, Size: 12 })
    expect(await look(bigger)).toMatchObject({ SnapshotId, Size: 12, Encrypted: true, State: 'available' })
    const same = await create({ SnapshotId, Size: undefined })
    expect((await look(same))?.Size).toBe(10)
    await expect(create({ SnapshotId, Size: 9 })).rejects.toMatchObject(refused('InvalidParameterValue', SnapshotId))
    const { SnapshotId: copy = '' } = await ec2.copySnapshot({ SourceSnapshotId: SnapshotId, SourceRegion: 'local' })
    await ec2.deleteSnapshot({ SnapshotId })
    await settled()
    await expect(lookAtSnapshot(SnapshotId)).rejects.toMatchObject(refused('InvalidSnapshot.NotFound', SnapshotId))
    expect(engine.volumes.snapshots.size).toBe(1)
    await create({ SnapshotId: copy })
    await ec2.deleteSnapshot({ SnapshotId: copy })
    await settled()
    expect(engine.volumes.snapshots.size).toBe(0)
    expect((await ec2.describeTags({})).Tags).toEqual([])
  })

  test('one deleted while a volume is made of it goes after that', async () => {
    const { ec2, engine, create, snap, settled, look } = volumeCloud()
    const SnapshotId = await snap(await create())
    const { VolumeId = '' } = await ec2.createVolume({ AvailabilityZone: ZONE, SnapshotId })
    await ec2.deleteSnapshot({ SnapshotId })
    await settled()
    expect((await look(VolumeId))?.State).toBe('available')
    expect(engine.volumes.snapshots.size).toBe(0)
  })

  test('a volume deleted at once after the snapshot was asked for: it is taken first', async () => {
    const { ec2, engine, create, settled, lookAtSnapshot } = volumeCloud()
    const VolumeId = await create()
    const { SnapshotId = '' } = await ec2.createSnapshot({ VolumeId })
    await ec2.deleteVolume({ VolumeId })
    await settled()
    expect((await lookAtSnapshot(SnapshotId))?.State).toBe('completed')
    expect([...engine.volumes.sizes]).toEqual([])
  })

  test('one that cannot be taken says why', async () => {
    const { engine, create, snap, lookAtSnapshot } = volumeCloud()
    const volume = await create()
    engine.volumes.snapshot = async () => {
      throw new Error('no space left on the disk')
    }
    const id = await snap(volume)
    expect(await lookAtSnapshot(id)).toMatchObject({ State: 'error', StateMessage: 'no space left on the disk' })
    await expect(create({ SnapshotId: id })).rejects.toMatchObject(refused('IncorrectState', 'error'))
  })

  test('of all volumes of an instance, with or without the root volume, with their tags', async () => {
    const { ec2, launch, settled } = volumeCloud()
    const TagSpecifications = [{ ResourceType: 'volume' as const, Tags: [{ Key: 'k', Value: 'v' }] }]
    const BlockDeviceMappings = ['/dev/sdf', '/dev/sdg'].map((DeviceName) => ({ DeviceName, Ebs: { VolumeSize: 1 } }))
    const [InstanceId = ''] = idsOf(await launch(1, { BlockDeviceMappings, TagSpecifications }))
    const all = await ec2.createSnapshots({ InstanceSpecification: { InstanceId }, CopyTagsFromSource: 'volume' })
    expect(all.Snapshots?.map(({ VolumeSize }) => VolumeSize)).toEqual([8, 1, 1])
    expect(all.Snapshots?.[2]?.Tags).toEqual([{ Key: 'k', Value: 'v' }])
    const data = await ec2.createSnapshots({
      InstanceSpecification: {
        InstanceId,
        ExcludeBootVolume: true,
        ExcludeDataVolumeIds: [all.Snapshots?.[1]?.VolumeId ?? ''],
      },
    })
    expect(data.Snapshots?.map(({ VolumeId }) => VolumeId)).toEqual([all.Snapshots?.[2]?.VolumeId])
    await settled()
    const found = async (Name: string, Value: string) =>
      ((await ec2.describeSnapshots({ Filters: [{ Name, Values: [Value] }], OwnerIds: ['self'] })).Snapshots ?? [])
        .length
    expect(await found('status', 'completed')).toBe(4)
    expect(await found('volume-size', '8')).toBe(1)
    expect(await found('tag:k', 'v')).toBe(3)
    expect((await ec2.describeSnapshots({ OwnerIds: ['amazon'] })).Snapshots).toEqual([])
  })

  test('what is refused', async () => {
    const { ec2, create, snap } = volumeCloud()
    const VolumeId = await create()
    const SnapshotId = await snap(VolumeId)
    await expect(ec2.createSnapshot({ VolumeId: 'vol-00000000000000000' })).rejects.toMatchObject(
      refused('InvalidVolume.NotFound'),
    )
    await expect(ec2.createSnapshot({ VolumeId, DryRun: true })).rejects.toMatchObject(refused('DryRunOperation'))
    await expect(ec2.deleteSnapshot({ SnapshotId: 'snap-00000000000000000' })).rejects.toMatchObject(
      refused('InvalidSnapshot.NotFound'),
    )
    await expect(ec2.deleteSnapshot({ SnapshotId: 'nonsense' })).rejects.toMatchObject(
      refused('InvalidParameterValue', "'snap-...'"),
    )
    await expect(ec2.copySnapshot({ SourceSnapshotId: SnapshotId, SourceRegion: 'us-east-1' })).rejects.toMatchObject(
      refused('UnsupportedOperation', 'us-east-1'),
    )
    await expect(ec2.describeSnapshots({ MaxResults: 5, SnapshotIds: [SnapshotId] })).rejects.toMatchObject(
      refused('InvalidParameterCombination'),
    )
  })
})

describe('snapshots and images', () => {
  test('an image has a snapshot of each volume; its instances get volumes of them; they cannot be deleted before it', async () => {
    const { ec2, engine, launch, create, settled, find, lookAtSnapshot } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const [data, left] = [await create({ VolumeType: 'gp3', Iops: 3500 }), await create()]
    await ec2.attachVolume({ VolumeId: data, InstanceId, Device: '/dev/sdf' })
    await ec2.attachVolume({ VolumeId: left, InstanceId, Device: '/dev/sdg' })
    await settled()
    const { ImageId = '' } = await ec2.createImage({
      InstanceId,
      Name: 'with data',
      BlockDeviceMappings: [
        { DeviceName: '/dev/sdg', NoDevice: '' },
        { DeviceName: '/dev/sdh', Ebs: { VolumeSize: 3 } },
      ],
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'k', Value: 'v' }] }],
    })
    await settled()
    const image = (await ec2.describeImages({ ImageIds: [ImageId] })).Images?.[0]
    expect(image?.State).toBe('available')
    const [root, first, second] = image?.BlockDeviceMappings ?? []
    expect(root).toMatchObject({ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, DeleteOnTermination: true } })
    expect(first).toMatchObject({ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 10, VolumeType: 'gp3', Iops: 3500 } })
    expect(second).toMatchObject({ DeviceName: '/dev/sdh', Ebs: { VolumeSize: 3 } })
    const [rootSnapshot = '', dataSnapshot = ''] = [root?.Ebs?.SnapshotId, first?.Ebs?.SnapshotId]
    expect(await lookAtSnapshot(rootSnapshot)).toMatchObject({ State: 'completed', Tags: [{ Key: 'k', Value: 'v' }] })
    expect(await lookAtSnapshot(dataSnapshot)).toMatchObject({ State: 'completed', VolumeId: data })
    for (const SnapshotId of [rootSnapshot, dataSnapshot]) {
      await expect(ec2.deleteSnapshot({ SnapshotId })).rejects.toMatchObject(refused('InvalidSnapshot.InUse', ImageId))
    }
    const mapped = [{ DeviceName: '/dev/sdh', NoDevice: '' }]
    const [other] = await launch(1, { ImageId, BlockDeviceMappings: mapped })
    const devices = (await find(idOf(other))).BlockDeviceMappings?.map(({ DeviceName }) => DeviceName)
    expect(devices).toEqual(['/dev/xvda', '/dev/sdf'])
    expect(engine.nodes.get(idOf(other))?.spec.volumes).toHaveLength(1)
    const { DeleteSnapshotResults } = await ec2.deregisterImage({ ImageId, DeleteAssociatedSnapshots: true })
    expect(DeleteSnapshotResults).toEqual([
      { SnapshotId: rootSnapshot, ReturnCode: 'success' },
      { SnapshotId: dataSnapshot, ReturnCode: 'success' },
    ])
    await settled()
    expect((await ec2.describeSnapshots({})).Snapshots).toEqual([])
    expect(engine.volumes.snapshots.size).toBe(0)
  })

  test('a copy has snapshots of its own; an image that is gone leaves its snapshots, and they its layers', async () => {
    const { ec2, engine, launch, settled } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const { ImageId = '' } = await ec2.createImage({ InstanceId, Name: 'first' })
    await settled()
    const { ImageId: copy = '' } = await ec2.copyImage({ Name: 'copy', SourceImageId: ImageId, SourceRegion: 'local' })
    const snapshots = async () => (await ec2.describeSnapshots({})).Snapshots?.map((one) => one.SnapshotId ?? '') ?? []
    expect(await snapshots()).toHaveLength(2)
    await ec2.deregisterImage({ ImageId })
    await ec2.deregisterImage({ ImageId: copy })
    await ec2.terminateInstances({ InstanceIds: [InstanceId] })
    await settled()
    expect(await engine.disks.layers()).toHaveLength(1)
    for (const SnapshotId of await snapshots()) await ec2.deleteSnapshot({ SnapshotId })
    await settled()
    expect(await engine.disks.layers()).toEqual([])
  })

  test('an image of the snapshot of a root volume starts instances; volumes of that snapshot are refused', async () => {
    const { cloud, ec2, engine, launch, snap, create, settled } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const SnapshotId = await snap(cloud.state.ec2.instances[InstanceId]?.rootVolumeId ?? '')
    const BlockDeviceMappings = [
      { DeviceName: '/dev/xvda', Ebs: { SnapshotId } },
      { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 2 } },
    ]
    const register = { Name: 'registered', RootDeviceName: '/dev/xvda', BlockDeviceMappings }
    const { ImageId = '' } = await ec2.registerImage(register)
    const [other] = await launch(1, { ImageId })
    expect(cloud.state.ec2.instances[idOf(other)]?.layers).toEqual([
      `image-${SnapshotId}`,
      ...cloud.state.ec2.instances[InstanceId]!.layers,
    ])
    expect(engine.nodes.get(idOf(other))?.spec.volumes).toHaveLength(1)
    await expect(ec2.deleteSnapshot({ SnapshotId })).rejects.toMatchObject(refused('InvalidSnapshot.InUse', ImageId))
    await expect(create({ SnapshotId })).rejects.toMatchObject(refused('UnsupportedOperation', 'register an image'))
    const again = (more: object) => ec2.registerImage({ ...register, Name: 'again', ...more })
    await expect(again({ Name: 'registered' })).rejects.toMatchObject(refused('InvalidAMIName.Duplicate'))
    await expect(again({ RootDeviceName: '/dev/sda1' })).rejects.toMatchObject(refused('UnsupportedOperation'))
    await expect(again({ BlockDeviceMappings: [] })).rejects.toMatchObject(refused('InvalidBlockDeviceMapping'))
    const data = await snap(await create())
    await expect(
      again({ BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: data } }] }),
    ).rejects.toMatchObject(refused('UnsupportedOperation', data))
    await settled()
  })

  test('a root snapshot of an instance that ends meanwhile is taken; one of a volume that outlived it too', async () => {
    const { cloud, ec2, launch, settled, snap, lookAtSnapshot } = volumeCloud()
    const kept = [{ DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: false } }]
    const [[one], [two]] = [await launch(), await launch(1, { BlockDeviceMappings: kept })]
    const root = (id: string) => cloud.state.ec2.instances[id]?.rootVolumeId ?? ''
    const { SnapshotId = '' } = await ec2.createSnapshot({ VolumeId: root(idOf(one)) })
    await ec2.terminateInstances({ InstanceIds: [idOf(one), idOf(two)] })
    await settled()
    expect((await lookAtSnapshot(SnapshotId))?.State).toBe('completed')
    const later = await snap(root(idOf(two)))
    expect((await lookAtSnapshot(later))?.State).toBe('completed')
    expect(cloud.state.ec2.snapshots[later]?.layers).toEqual([`image-${later}`, 'debian-12'])
  })

  test('an image that fails leaves no snapshots, also when the cloud ended meanwhile', async () => {
    const { cloud, ec2, launch, settled } = volumeCloud({
      hook: (operation) => {
        if (operation === 'capture') throw new Error('no space left on the disk')
      },
    })
    const [InstanceId = ''] = idsOf(await launch())
    const { ImageId = '' } = await ec2.createImage({ InstanceId, Name: 'too big' })
    await settled()
    expect((await ec2.describeSnapshots({})).Snapshots).toEqual([])
    const image = cloud.state.ec2.images[ImageId]!
    image.state = 'pending'
    cloud.state.ec2.snapshots['snap-0000000000000aaaa'] = {
      ...{
        id: 'snap-0000000000000aaaa',
        volumeId: 'vol-0000000000000aaaa',
        size: 8,
        description: '',
        encrypted: false,
      },
      ...{ startedAt: image.createdAt, state: 'pending', layers: [], forImage: ImageId },
    }
    await reconcile(cloud)
    await settled()
    expect(image.state).toBe('failed')
    expect((await ec2.describeSnapshots({})).Snapshots).toEqual([])
  })
})
