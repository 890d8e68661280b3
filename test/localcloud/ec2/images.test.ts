import { describe, expect, test } from 'vitest'
import {
  diskAct,
  forgetBaseImages,
  importImage,
  reconcile,
  registerBaseImage,
} from '../../../src/localcloud/ec2/index.js'
import { idOf, idsOf, refused, testCloud } from './support.js'

describe('images', () => {
  test('CreateImage: pending, then available with a layer above; instances start from it', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { ec2, engine, launch, settled, cloud } = testCloud({
      hook: (operation) => (operation === 'capture' ? held : undefined),
    })
    const [instance] = await launch()
    const InstanceId = idOf(instance)
    const { ImageId = '' } = await ec2.createImage({
      InstanceId,
      Name: 'mine',
      Description: 'with tools',
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'k', Value: 'v' }] }],
    })
    const find = async () => (await ec2.describeImages({ ImageIds: [ImageId] })).Images?.[0]
    expect(await find()).toMatchObject({
      State: 'pending',
      SourceInstanceId: InstanceId,
      Tags: [{ Key: 'k', Value: 'v' }],
    })
    const early = ec2.runInstances({ ImageId, MinCount: 1, MaxCount: 1 })
    await expect(early).rejects.toMatchObject(refused('InvalidAMIID.Unavailable', ImageId))
    release()
    await settled()
    expect(await find()).toMatchObject({ State: 'available', Name: 'mine', Description: 'with tools' })
    expect(engine.nodes.get(InstanceId)).toMatchObject({ state: 'running', boots: 2 })
    const [other] = await launch(1, { ImageId })
    const { layers } = cloud.state.ec2.instances[idOf(other)]!
    expect(engine.nodes.get(idOf(other))?.spec.layers).toEqual(layers)
    expect(layers).toEqual([`image-${ImageId}`, ...cloud.state.ec2.instances[InstanceId]!.layers])
    const named = async (Name: string, Value: string) =>
      (await ec2.describeImages({ Filters: [{ Name, Values: [Value] }] })).Images?.map((image) => image.ImageId)
    expect(await named('name', 'mi*')).toEqual([ImageId])
    expect(await named('source-instance-id', InstanceId)).toEqual([ImageId])
    expect(await named('tag:k', 'v')).toEqual([ImageId])
    expect(await named('state', 'pending')).toEqual([])
  })

  test('NoReboot leaves the instance alone; a stopped one stays stopped', async () => {
    const { ec2, engine, launch, settled } = testCloud()
    const [instance] = await launch()
    const InstanceId = idOf(instance)
    await ec2.createImage({ InstanceId, Name: 'live', NoReboot: true })
    await settled()
    expect(engine.nodes.get(InstanceId)).toMatchObject({ state: 'running', boots: 1 })
    await ec2.stopInstances({ InstanceIds: [InstanceId] })
    await settled()
    await ec2.createImage({ InstanceId, Name: 'still' })
    await settled()
    expect(engine.nodes.get(InstanceId)).toMatchObject({ state: 'stopped', boots: 1 })
  })

  test('layers stay while an image, a copy or an instance stands on them', async () => {
    const { ec2, engine, launch, settled } = testCloud()
    const [instance] = await launch()
    const { ImageId = '' } = await ec2.createImage({ InstanceId: idOf(instance), Name: 'first' })
    await settled()
    const copy = await ec2.copyImage({ Name: 'second', SourceImageId: ImageId, SourceRegion: 'local' })
    const [user] = await launch(1, { ImageId })
    await ec2.deregisterImage({ ImageId, DeleteAssociatedSnapshots: true })
    await settled()
    await expect(ec2.runInstances({ ImageId, MinCount: 1, MaxCount: 1 })).rejects.toMatchObject(
      refused('InvalidAMIID.NotFound'),
    )
    expect(await engine.disks.layers()).toEqual([`image-${ImageId}`])
    await launch(1, { ImageId: copy.ImageId })
    await ec2.deregisterImage({ ImageId: copy.ImageId, DeleteAssociatedSnapshots: true })
    await ec2.terminateInstances({ InstanceIds: [idOf(user)] })
    await settled()
    expect(await engine.disks.layers()).toEqual([`image-${ImageId}`])
    const { Reservations = [] } = await ec2.describeInstances({})
    const ids = Reservations.flatMap(({ Instances = [] }) => idsOf(Instances))
    await ec2.terminateInstances({ InstanceIds: ids })
    await settled()
    expect(await engine.disks.layers()).toEqual([])
  })

  test('a capture that fails and one that is cut short: failed, with the reason, the machine runs', async () => {
    const { ec2, engine, launch, settled, cloud } = testCloud({
      hook: (operation) => {
        if (operation === 'capture') throw new Error('no space left on the disk')
      },
    })
    const [instance] = await launch()
    const { ImageId = '' } = await ec2.createImage({ InstanceId: idOf(instance), Name: 'too big' })
    await settled()
    const { Images } = await ec2.describeImages({ ImageIds: [ImageId] })
    expect(Images?.[0]).toMatchObject({
      State: 'failed',
      StateReason: { Message: expect.stringMatching(/no space left/) },
    })
    expect(engine.nodes.get(idOf(instance))?.state).toBe('running')
    cloud.state.ec2.images[ImageId]!.state = 'pending'
    await reconcile(cloud)
    expect(cloud.state.ec2.images[ImageId]?.state).toBe('failed')
    await ec2.deregisterImage({ ImageId })
  })

  test('what is refused', async () => {
    const { ec2, launch } = testCloud()
    const [instance] = await launch()
    const InstanceId = idOf(instance)
    const create = (Name: string, more: object = {}) => ec2.createImage({ InstanceId, Name, ...more })
    await expect(create('ab')).rejects.toMatchObject(refused('InvalidAMIName.Malformed'))
    await expect(create('debian-12')).rejects.toMatchObject(refused('InvalidAMIName.Duplicate'))
    await expect(create('mine', { InstanceId: 'i-00000000000000000' })).rejects.toMatchObject(
      refused('InvalidInstanceID.NotFound'),
    )
    await expect(create('mine', { DryRun: true })).rejects.toMatchObject(refused('DryRunOperation'))
    const [base] = (await ec2.describeImages({})).Images ?? []
    await expect(ec2.deregisterImage({ ImageId: base?.ImageId })).rejects.toMatchObject(
      refused('OperationNotPermitted'),
    )
    await expect(
      ec2.copyImage({ Name: 'mine', SourceImageId: base?.ImageId, SourceRegion: 'eu-west-1' }),
    ).rejects.toMatchObject(refused('UnsupportedOperation', 'eu-west-1'))
    await expect(ec2.deregisterImage({ ImageId: 'ami-00000000000000000' })).rejects.toMatchObject(
      refused('InvalidAMIID.NotFound'),
    )
    expect((await ec2.describeImages({})).Images).toHaveLength(1)
  })
})

describe('images of files', () => {
  test('exist when they are whole, machines start from them alone, and their layer goes with the last user', async () => {
    const { ec2, cloud, engine, launch, settled } = testCloud()
    const image = await importImage({ file: '/tmp/rootfs-12.tar.xz' }, cloud)
    expect(image).toMatchObject({ name: 'rootfs-12', layers: [`image-${image.id}`] })
    expect((await ec2.describeImages({ ImageIds: [image.id] })).Images).toMatchObject([
      { Name: 'rootfs-12', Description: 'Debian GNU/Linux 12 (bookworm), imported from rootfs-12.tar.xz' },
    ])
    const [instance] = await launch(1, { ImageId: image.id })
    expect(engine.nodes.get(idOf(instance))?.spec.layers).toEqual(image.layers)
    await ec2.deregisterImage({ ImageId: image.id })
    await settled()
    expect(await engine.disks.layers()).toEqual(image.layers)
    await ec2.terminateInstances({ InstanceIds: [idOf(instance)] })
    await settled()
    expect(await engine.disks.layers()).toEqual([])
  })

  test('a name that is taken is refused before and after; failed and ended imports leave no image', async () => {
    const control = new AbortController()
    let during: () => Promise<unknown> = async () => undefined
    const { cloud, engine, settled } = testCloud({
      hook: async (operation) => {
        if (operation === 'import') await during()
      },
    })
    const named = (name: string) => importImage({ file: '/x.tar', name }, cloud, { signal: control.signal })
    const known = { ...cloud.state.ec2.images }
    await expect(named('debian-12')).rejects.toMatchObject({
      code: 'BadImageName',
      hint: expect.stringMatching('--name'),
    })
    await expect(named('a?b')).rejects.toMatchObject({ code: 'BadImageName' })
    during = async () => {
      during = async () => undefined
      await named('twice')
    }
    await expect(named('twice')).rejects.toMatchObject({ code: 'BadImageName' })
    during = () => Promise.reject(new Error('no space left on the disk'))
    await expect(named('full')).rejects.toThrow('no space left')
    during = async () => control.abort()
    await expect(named('ended')).rejects.toMatchObject({ name: 'AbortError' })
    await settled()
    const made = Object.values(cloud.state.ec2.images).filter(({ id }) => !Object.hasOwn(known, id))
    expect(made.map(({ name }) => name)).toEqual(['twice'])
    expect(await engine.disks.layers()).toEqual(made[0]?.layers)
  })
})

describe('named states of the disks of instances', () => {
  test('made, listed, gone back to and forgotten for all; running ones run again, stopped ones stay stopped', async () => {
    const { cloud, engine, ec2, launch, settled } = testCloud()
    const ids = idsOf(await launch(3))
    const [first = '', second = '', third = ''] = ids
    await ec2.stopInstances({ InstanceIds: [third] })
    await settled()
    const names = async (request: Parameters<typeof diskAct>[0]) =>
      (await diskAct(request, cloud)).map(({ name }) => name)
    expect(await names({ act: 'snapshot', ids, name: 'clean' })).toEqual(['clean'])
    expect([...engine.nodes.values()].map(({ state, boots }) => [state, boots])).toEqual([
      ['running', 2],
      ['running', 2],
      ['stopped', 1],
    ])
    expect(await names({ act: 'snapshot', ids: [first, second], name: 'two' })).toEqual(['clean', 'two'])
    expect(await names({ act: 'list', ids })).toEqual(['clean'])
    expect(await names({ act: 'rollback', ids, name: 'clean' })).toEqual(['clean'])
    await expect(diskAct({ act: 'rollback', ids, name: 'two' }, cloud)).rejects.toThrow(`no snapshot two of ${third}`)
    await expect(diskAct({ act: 'snapshot', ids, name: 'clean' }, cloud)).rejects.toMatchObject({
      code: 'SnapshotExists',
    })
    await expect(diskAct({ act: 'snapshot', ids, name: '../x' }, cloud)).rejects.toMatchObject({
      code: 'BadSnapshotName',
    })
    await expect(diskAct({ act: 'list', ids: ['i-0'] }, cloud)).rejects.toMatchObject({ code: 'NoSuchMachine' })
    expect(await names({ act: 'forget', ids, name: 'two' })).toEqual(['clean'])
    expect(await names({ act: 'list', ids: [first] })).toEqual(['clean'])
    expect(Object.values(cloud.state.ec2.instances).some(({ rebootRequested }) => rebootRequested)).toBe(false)
  })

  test('one that does not start again: the others run, the failure is told, and the instance says why', async () => {
    let fails = ''
    const { cloud, engine, launch, settled } = testCloud({
      hook: (operation, id) => {
        if (operation === 'boot' && id === fails) throw new Error('no memory left')
      },
    })
    const ids = idsOf(await launch(3))
    await diskAct({ act: 'snapshot', ids, name: 'clean' }, cloud)
    fails = ids[0] ?? ''
    await expect(diskAct({ act: 'rollback', ids, name: 'clean' }, cloud)).rejects.toThrow('no memory left')
    await settled()
    expect(ids.map((id) => engine.nodes.get(id)?.state)).toEqual(['stopped', 'running', 'running'])
    expect(ids.map((id) => cloud.state.ec2.instances[id]?.state)).toEqual(['stopped', 'running', 'running'])
    expect(cloud.state.ec2.instances[fails]?.stateReason?.message).toMatch(/no memory left/)
  })

  test('a stop asked for meanwhile happens afterwards', async () => {
    const { cloud, engine, ec2, launch, settled } = testCloud()
    const [id = ''] = idsOf(await launch())
    const making = diskAct({ act: 'snapshot', ids: [id], name: 'clean' }, cloud)
    await ec2.stopInstances({ InstanceIds: [id] })
    await Promise.allSettled([making])
    await settled()
    expect(engine.nodes.get(id)?.state).toBe('stopped')
    expect(cloud.state.ec2.instances[id]?.state).toBe('stopped')
  })
})

describe('an image while its instance goes elsewhere', () => {
  test('terminated meanwhile: the image is made first and stays; the instance then ends', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { ec2, engine, launch, settled, cloud } = testCloud({
      hook: (operation) => (operation === 'capture' ? held : undefined),
    })
    const [id = ''] = idsOf(await launch())
    const { ImageId = '' } = await ec2.createImage({ InstanceId: id, Name: 'last words', NoReboot: true })
    await ec2.terminateInstances({ InstanceIds: [id] })
    release()
    await settled()
    expect(cloud.state.ec2.instances[id]?.state).toBe('terminated')
    expect(cloud.state.ec2.images[ImageId]?.state).toBe('available')
    expect(await engine.disks.layers()).toEqual([`image-${ImageId}`])
    await ec2.deregisterImage({ ImageId, DeleteAssociatedSnapshots: true })
    await settled()
    expect(await engine.disks.layers()).toEqual([])
  })

  test('stop, start and rollback asked for at once happen one after the other, none is lost', async () => {
    const { cloud, engine, ec2, launch, settled } = testCloud()
    const [id = ''] = idsOf(await launch())
    await diskAct({ act: 'snapshot', ids: [id], name: 'clean' }, cloud)
    const asked = [
      ec2.stopInstances({ InstanceIds: [id] }),
      diskAct({ act: 'rollback', ids: [id], name: 'clean' }, cloud),
      ec2.startInstances({ InstanceIds: [id] }),
    ]
    await Promise.allSettled(asked)
    await settled()
    if (cloud.state.ec2.instances[id]?.state === 'stopped') await ec2.startInstances({ InstanceIds: [id] })
    await settled()
    expect(engine.nodes.get(id)?.state).toBe('running')
    expect(cloud.state.ec2.instances[id]).toMatchObject({ state: 'running' })
    expect(cloud.state.ec2.instances[id]?.rebootRequested).toBe(undefined)
  })
})

test('layers that images and instances stand on are told to the engine; base images are none of them', async () => {
  const { ec2, engine, launch, settled, cloud } = testCloud()
  const [base = ''] = cloud.state.ec2.images[cloud.state.ec2.defaultImageId ?? '']?.layers ?? []
  const [id = ''] = idsOf(await launch())
  const { ImageId = '' } = await ec2.createImage({ InstanceId: id, Name: 'mine', NoReboot: true })
  await settled()
  expect([...engine.disks.kept].sort()).toEqual([base, `image-${ImageId}`].sort())
  await ec2.terminateInstances({ InstanceIds: [id] })
  await ec2.deregisterImage({ ImageId, DeleteAssociatedSnapshots: true })
  await settled()
  expect(engine.disks.kept).toEqual([])
})

test('base images that are gone are forgotten, with the meaning of default', async () => {
  const { ec2, cloud } = testCloud()
  const { ec2: state } = cloud.state
  registerBaseImage(state, { id: 'debian-12.2', name: 'debian-12', layers: ['debian-12.2'], created: '2026-02-01' })
  expect((await ec2.describeImages({ Owners: ['amazon'] })).Images).toHaveLength(2)
  forgetBaseImages(state, [{ id: 'debian-12.2' }])
  const [left] = (await ec2.describeImages({ Owners: ['amazon'] })).Images ?? []
  expect((await ec2.describeImages({ ImageIds: ['default', 'debian-12'] })).Images).toEqual([left])
  forgetBaseImages(state, [])
  await expect(ec2.describeImages({ ImageIds: ['default'] })).rejects.toMatchObject(refused('InvalidAMIID.NotFound'))
})
