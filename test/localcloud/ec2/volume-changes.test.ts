import { describe, expect, test } from 'vitest'
import { storageUse } from '../../../src/localcloud/ec2/index.js'
import { idsOf, refused } from './support.js'
import { volumeCloud } from './volume-cloud.js'

describe('ModifyVolume', () => {
  test('larger and of another type, also while it is attached; told until the next one', async () => {
    const { ec2, engine, launch, create, look, settled } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const VolumeId = await create({ VolumeType: 'gp3' })
    await expect(ec2.describeVolumesModifications({ VolumeIds: [VolumeId] })).rejects.toMatchObject(
      refused('InvalidVolumeModification.NotFound', VolumeId),
    )
    await ec2.attachVolume({ VolumeId, InstanceId, Device: '/dev/sdf' })
    await settled()
    const { VolumeModification } = await ec2.modifyVolume({ VolumeId, Size: 20, Iops: 4000 })
    expect(VolumeModification).toMatchObject({
      ...{ ModificationState: 'modifying', OriginalSize: 10, OriginalIops: 3000, OriginalVolumeType: 'gp3' },
      ...{ TargetSize: 20, TargetIops: 4000, TargetVolumeType: 'gp3', TargetThroughput: 125, Progress: 0 },
    })
    await settled()
    expect(engine.volumes.sizes.get(VolumeId)).toBe(20)
    expect(await look(VolumeId)).toMatchObject({ Size: 20, Iops: 4000, Throughput: 125, State: 'in-use' })
    await ec2.modifyVolume({ VolumeId, VolumeType: 'gp2' })
    await settled()
    expect(await look(VolumeId)).toMatchObject({ Size: 20, VolumeType: 'gp2', Iops: 100 })
    expect((await look(VolumeId))?.Throughput).toBeUndefined()
    const { VolumesModifications } = await ec2.describeVolumesModifications({
      Filters: [{ Name: 'modification-state', Values: ['completed'] }],
    })
    expect(VolumesModifications).toMatchObject([{ VolumeId, TargetVolumeType: 'gp2', Progress: 100 }])
  })

  test('one that fails leaves the volume as it was and says why', async () => {
    const { ec2, engine, create, look, settled } = volumeCloud()
    const VolumeId = await create()
    engine.volumes.grow = async () => {
      throw new Error('no space left on the disk')
    }
    await ec2.modifyVolume({ VolumeId, Size: 20 })
    await settled()
    expect(await look(VolumeId)).toMatchObject({ Size: 10, State: 'available' })
    const { VolumesModifications } = await ec2.describeVolumesModifications({ VolumeIds: [VolumeId] })
    expect(VolumesModifications?.[0]).toMatchObject({
      ModificationState: 'failed',
      StatusMessage: expect.stringContaining('no space left'),
    })
  })

  test('what is refused', async () => {
    const { ec2, launch, create, cloud } = volumeCloud()
    const [InstanceId = ''] = idsOf(await launch())
    const VolumeId = await create()
    const modify = (more: object) => ec2.modifyVolume({ VolumeId, ...more })
    await expect(modify({})).rejects.toMatchObject(refused('MissingParameter'))
    await expect(modify({ Size: 9 })).rejects.toMatchObject(
      refused('InvalidParameterValue', 'New size cannot be smaller than existing size'),
    )
    await expect(modify({ VolumeType: 'io1', Iops: 1000 })).rejects.toMatchObject(
      refused('InvalidParameterValue', 'ratio of 100.000000 is too high; maximum is 50'),
    )
    await expect(modify({ Throughput: 200 })).rejects.toMatchObject(refused('InvalidParameterCombination', 'gp3'))
    await expect(modify({ Size: 11, DryRun: true })).rejects.toMatchObject(refused('DryRunOperation'))
    const root = cloud.state.ec2.instances[InstanceId]?.rootVolumeId
    await expect(ec2.modifyVolume({ VolumeId: root, Size: 20 })).rejects.toMatchObject(refused('UnsupportedOperation'))
    await expect(ec2.modifyVolume({ VolumeId: 'vol-00000000000000000', Size: 1 })).rejects.toMatchObject(
      refused('InvalidVolume.NotFound'),
    )
  })
})

test('attributes of a volume', async () => {
  const { ec2, create } = volumeCloud()
  const VolumeId = await create()
  const ask = async () => (await ec2.describeVolumeAttribute({ VolumeId, Attribute: 'autoEnableIO' })).AutoEnableIO
  expect(await ask()).toEqual({ Value: false })
  await ec2.modifyVolumeAttribute({ VolumeId, AutoEnableIO: { Value: true } })
  expect(await ask()).toEqual({ Value: true })
  await expect(ec2.describeVolumeAttribute({ VolumeId, Attribute: 'size' as never })).rejects.toMatchObject(
    refused('InvalidParameterValue'),
  )
})

test('DescribeVolumes: pages, and ids with a page size refused', async () => {
  const { ec2, create } = volumeCloud()
  const ids = []
  for (let made = 0; made < 7; made++) ids.push(await create())
  const first = await ec2.describeVolumes({ MaxResults: 5 })
  const second = await ec2.describeVolumes({ MaxResults: 5, NextToken: first.NextToken })
  const seen = [...(first.Volumes ?? []), ...(second.Volumes ?? [])].map(({ VolumeId }) => VolumeId)
  expect(seen).toEqual(ids.sort())
  expect(second.NextToken).toBeUndefined()
  await expect(ec2.describeVolumes({ MaxResults: 5, VolumeIds: ids })).rejects.toMatchObject(
    refused('InvalidParameterCombination'),
  )
})

test('what status tells: data volumes and their snapshots, what copies share once, and what nobody knows', async () => {
  const { cloud, ec2, engine, launch, create, snap, settled } = volumeCloud()
  const [InstanceId = ''] = idsOf(await launch())
  const VolumeId = await create()
  await ec2.attachVolume({ VolumeId, InstanceId, Device: '/dev/sdf' })
  const SourceSnapshotId = await snap(VolumeId)
  const { SnapshotId: copy } = await ec2.copySnapshot({ SourceSnapshotId, SourceRegion: 'local' })
  await settled()
  engine.volumes.create = async () => {
    throw new Error('no space left on the disk')
  }
  const failed = await create()
  engine.volumes.sizes.set('vol-0000000000000bbbb', 1)
  engine.volumes.list = async () => ({
    volumes: new Map([...engine.volumes.sizes.keys()].map((id) => [id, 4096])),
    snapshots: new Map([...engine.volumes.snapshots].map((id) => [id, 8192])),
  })
  expect(await storageUse(cloud)).toEqual({
    volumes: [
      { id: VolumeId, state: 'in-use', sizeGiB: 10, note: `${InstanceId} /dev/sdf`, diskBytes: 4096 },
      { id: failed, state: 'error', sizeGiB: 10, note: 'no space left on the disk', diskBytes: 0 },
      { id: 'vol-0000000000000bbbb', state: 'unknown', diskBytes: 4096 },
    ],
    snapshots: [
      { id: SourceSnapshotId, state: 'completed', sizeGiB: 10, diskBytes: 8192 },
      { id: copy, state: 'completed', sizeGiB: 10, diskBytes: 0 },
    ],
  })
})
