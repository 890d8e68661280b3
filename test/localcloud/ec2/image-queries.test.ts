import type { DescribeImagesRequest } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { idOf, refused, testCloud } from './support.js'

/** A cloud with the base image and images `one`, `two` of an instance, made a day apart. */
async function withImages() {
  let time = Date.parse('2026-03-01T10:00:00Z')
  const cloud = testCloud({ now: () => new Date(time) })
  const { ec2, launch, settled } = cloud
  const [instance] = await launch()
  const InstanceId = idOf(instance)
  const make = async (Name: string, Description: string) => {
    const TagSpecifications = [{ ResourceType: 'image' as const, Tags: [{ Key: 'lab', Value: Name }] }]
    const { ImageId = '' } = await ec2.createImage({ InstanceId, Name, Description, TagSpecifications, NoReboot: true })
    await settled()
    time += 24 * 3_600_000
    return ImageId
  }
  const one = await make('lab (one)', 'first *')
  const two = await make('lab two', 'second')
  const names = async (input: DescribeImagesRequest) =>
    (await ec2.describeImages(input)).Images?.map((image) => image.Name).sort()
  const filtered = (Name: string, ...Values: string[]) => names({ Filters: [{ Name, Values }] })
  return { ...cloud, InstanceId, one, two, names, filtered }
}

test('the base image is the cloud`s own and public; images of instances are the account`s and private', async () => {
  const { ec2, names, filtered } = await withImages()
  expect(await names({})).toEqual(['debian-12', 'lab (one)', 'lab two'])
  expect(await names({ Owners: ['self'] })).toEqual(['lab (one)', 'lab two'])
  expect(await names({ Owners: ['000000000000'] })).toEqual(['lab (one)', 'lab two'])
  expect(await names({ Owners: ['amazon'] })).toEqual(['debian-12'])
  expect(await names({ Owners: ['self', 'amazon'] })).toHaveLength(3)
  expect(await names({ Owners: ['123456789012'] })).toEqual([])
  expect(await names({ ExecutableUsers: ['all'] })).toEqual(['debian-12'])
  expect(await names({ ExecutableUsers: ['self'] })).toEqual([])
  expect(await filtered('is-public', 'true')).toEqual(['debian-12'])
  expect(await filtered('owner-alias', 'amazon')).toEqual(['debian-12'])
  const [base] = (await ec2.describeImages({ Owners: ['amazon'] })).Images ?? []
  expect(await filtered('owner-id', base?.OwnerId ?? '')).toEqual(['debian-12'])
  expect(base).toMatchObject({ ImageOwnerAlias: 'amazon', Public: true, ImageLocation: 'amazon/debian-12' })
  for (const request of [{ Owners: ['me'] }, { ExecutableUsers: ['amazon'] }]) {
    await expect(ec2.describeImages(request)).rejects.toMatchObject(refused('InvalidUserID.Malformed'))
  }
})

test('filters of DescribeImages', async () => {
  const { ec2, one, two, InstanceId, names, filtered } = await withImages()
  expect(await filtered('name', 'lab*')).toEqual(['lab (one)', 'lab two'])
  expect(await filtered('name', 'lab (o?e)')).toEqual(['lab (one)'])
  expect(await filtered('description', 'first \\*')).toEqual(['lab (one)'])
  expect(await filtered('image-id', one, two)).toEqual(['lab (one)', 'lab two'])
  expect(await filtered('creation-date', '2026-03-02T*')).toEqual(['lab two'])
  expect(await filtered('source-instance-id', InstanceId)).toEqual(['lab (one)', 'lab two'])
  expect(await filtered('tag:lab', '*two')).toEqual(['lab two'])
  expect(await filtered('tag-key', 'lab')).toEqual(['lab (one)', 'lab two'])
  expect(await filtered('manifest-location', '000000000000/lab two')).toEqual(['lab two'])
  const everyone: [string, string][] = [
    ['state', 'available'],
    ['root-device-type', 'ebs'],
    ['root-device-name', '/dev/xvda'],
    ['architecture', process.arch === 'arm64' ? 'arm64' : 'x86_64'],
    ['virtualization-type', 'hvm'],
    ['image-type', 'machine'],
    ['block-device-mapping.device-name', '/dev/xvda'],
    ['block-device-mapping.volume-size', '8'],
    ['block-device-mapping.volume-type', 'gp*'],
    ['block-device-mapping.delete-on-termination', 'true'],
    ['block-device-mapping.encrypted', 'false'],
  ]
  for (const [name, value] of everyone) expect(await filtered(name, value), name).toHaveLength(3)
  for (const name of ['platform', 'product-code', 'kernel-id', 'state-reason-code']) {
    expect(await filtered(name, '*'), name).toEqual([])
  }
  const both = [
    { Name: 'name', Values: ['lab*'] },
    { Name: 'tag:lab', Values: ['lab two', 'none'] },
  ]
  expect(await names({ Filters: both, IncludeDeprecated: true, IncludeDisabled: true })).toEqual(['lab two'])
  await expect(ec2.describeImages({ Filters: [{ Name: 'colour', Values: ['x'] }] })).rejects.toMatchObject(
    refused('InvalidParameterValue', 'colour'),
  )
})

test('pages of images are whole, in one order, and end', async () => {
  const { ec2, names } = await withImages()
  const seen: (string | undefined)[] = []
  let NextToken: string | undefined
  do {
    const page = await ec2.describeImages({ MaxResults: 1, ...(NextToken ? { NextToken } : {}) })
    expect(page.Images).toHaveLength(1)
    seen.push(page.Images?.[0]?.Name)
    NextToken = page.NextToken
  } while (NextToken)
  expect(seen.sort()).toEqual(await names({}))
  await expect(ec2.describeImages({ MaxResults: 0 })).rejects.toMatchObject(refused('InvalidParameterValue'))
  await expect(ec2.describeImages({ NextToken: 'x' })).rejects.toMatchObject(refused('InvalidNextToken'))
})

test('description and launch permissions are changed, told, found by and reset', async () => {
  const { ec2, one, names, cloud } = await withImages()
  const attribute = (Attribute: 'description' | 'launchPermission' | 'blockDeviceMapping') =>
    ec2.describeImageAttribute({ ImageId: one, Attribute })
  await ec2.modifyImageAttribute({ ImageId: one, Description: { Value: 'better' } })
  expect((await attribute('description')).Description?.Value).toBe('better')
  const add = [{ UserId: '123456789012' }, { Group: 'all' as const }]
  await ec2.modifyImageAttribute({ ImageId: one, LaunchPermission: { Add: add } })
  expect((await attribute('launchPermission')).LaunchPermissions).toEqual(add)
  expect(await names({ ExecutableUsers: ['123456789012'] })).toEqual(['lab (one)'])
  expect(await names({ ExecutableUsers: ['all'] })).toEqual(['debian-12', 'lab (one)'])
  await ec2.modifyImageAttribute({
    ImageId: one,
    Attribute: 'launchPermission',
    OperationType: 'remove',
    UserGroups: ['all'],
  })
  expect((await attribute('launchPermission')).LaunchPermissions).toEqual([{ UserId: '123456789012' }])
  await ec2.resetImageAttribute({ ImageId: one, Attribute: 'launchPermission' })
  expect((await attribute('launchPermission')).LaunchPermissions ?? []).toEqual([])
  expect((await attribute('blockDeviceMapping')).BlockDeviceMappings).toMatchObject([{ DeviceName: '/dev/xvda' }])

  const base = cloud.state.ec2.defaultImageId
  const modify = (input: object) => ec2.modifyImageAttribute({ ImageId: one, ...input })
  const refusals: [object, string][] = [
    [{}, 'MissingParameter'],
    [{ ImageId: 'ami-00000000000000000', Description: { Value: 'x' } }, 'InvalidAMIID.NotFound'],
    [{ ImageId: base, Description: { Value: 'x' } }, 'AuthFailure'],
    [{ Description: { Value: 'x'.repeat(256) } }, 'InvalidParameterValue'],
    [{ Description: { Value: 'x' }, LaunchPermission: { Add: add } }, 'InvalidParameterCombination'],
    [{ LaunchPermission: { Add: [{ UserId: 'bob' }] } }, 'InvalidUserID.Malformed'],
    [{ Attribute: 'launchPermission', UserIds: ['123456789012'] }, 'InvalidParameterValue'],
    [{ Attribute: 'kernel', Value: 'x' }, 'InvalidParameterValue'],
    [{ Description: { Value: 'x' }, DryRun: true }, 'DryRunOperation'],
  ]
  for (const [input, code] of refusals) {
    await expect(modify(input), JSON.stringify(input)).rejects.toMatchObject(refused(code))
  }
  expect((await attribute('description')).Description?.Value).toBe('better')
  await expect(ec2.resetImageAttribute({ ImageId: base, Attribute: 'launchPermission' })).rejects.toMatchObject(
    refused('AuthFailure'),
  )
})
