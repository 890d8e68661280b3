import { expect, test } from 'vitest'
import { hasRole, metadataSource, profileAct } from '../../../src/localcloud/ec2/index.js'
import { readRoleToken } from '../../../src/localcloud/sts/role-credentials.js'
import { idOf, refused, testCloud } from './support.js'

const ARN = 'arn:aws:iam::000000000000:instance-profile/worker'

test('profiles are added, listed and removed; a wrong name, one that is not there and one in use are refused', async () => {
  const { cloud, launch, ec2, settled } = testCloud()
  expect(await profileAct({}, cloud)).toEqual([])
  await expect(profileAct({ add: 'a b' }, cloud)).rejects.toMatchObject({ code: 'BadProfileName' })
  expect(await profileAct({ add: 'worker' }, cloud)).toEqual([ARN])
  expect(await profileAct({ add: 'worker' }, cloud)).toEqual([ARN])
  await expect(profileAct({ remove: 'other' }, cloud)).rejects.toMatchObject({ code: 'NoSuchProfile' })
  const [instance] = await launch(1, { IamInstanceProfile: { Name: 'worker' } })
  await expect(profileAct({ remove: 'worker' }, cloud)).rejects.toMatchObject({
    code: 'ProfileInUse',
    message: expect.stringContaining(idOf(instance)),
  })
  await ec2.terminateInstances({ InstanceIds: [idOf(instance)] })
  await settled()
  expect(await profileAct({ remove: 'worker' }, cloud)).toEqual([])
})

test('an instance with a profile tells its role, with credentials that are good for hours and then renewed', async () => {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const { cloud, launch } = testCloud({ now: () => new Date(now) })
  await profileAct({ add: 'worker' }, cloud)
  const [instance] = await launch(1, { IamInstanceProfile: { Arn: ARN } })
  expect(instance?.IamInstanceProfile).toMatchObject({ Arn: ARN, Id: expect.stringMatching(/^AIPA\w{17}$/) })
  const tree = () => metadataSource(cloud).instanceAt(instance?.PrivateIpAddress ?? '')?.tree ?? {}
  expect(JSON.parse(tree()['iam/info'] ?? '')).toMatchObject({ Code: 'Success', InstanceProfileArn: ARN })
  const credentials = () => JSON.parse(tree()['iam/security-credentials/worker'] ?? '')
  const first = credentials()
  expect(first).toMatchObject({
    Code: 'Success',
    Type: 'AWS-HMAC',
    LastUpdated: '2026-01-01T00:00:00Z',
    Expiration: '2026-01-01T06:00:00Z',
  })
  expect(readRoleToken(cloud.roleSecret ?? '', first.Token)).toMatchObject({
    session: { role: 'worker', name: idOf(instance) },
    credentials: { accessKeyId: first.AccessKeyId, secretAccessKey: first.SecretAccessKey },
  })
  now += 2 * 3_600_000
  expect(credentials()).toEqual(first)
  now += 2 * 3_600_000
  expect(credentials()).toMatchObject({ Expiration: '2026-01-01T10:00:00Z' })
  expect(credentials().AccessKeyId).not.toBe(first.AccessKeyId)
})

test('a profile can be given to a running instance and taken away; only then may it ask the API', async () => {
  const { cloud, ec2, launch } = testCloud()
  await profileAct({ add: 'worker' }, cloud)
  const [instance] = await launch()
  const address = instance?.PrivateIpAddress ?? ''
  const told = () =>
    Object.keys(metadataSource(cloud).instanceAt(address)?.tree ?? {}).filter((key) => /^iam/.test(key))
  expect(hasRole(cloud, address)).toBe(false)
  expect(told()).toEqual([])
  const input = { InstanceId: idOf(instance), IamInstanceProfile: { Name: 'worker' } }
  const { IamInstanceProfileAssociation: made } = await ec2.associateIamInstanceProfile(input)
  expect(made).toMatchObject({ State: 'associating', IamInstanceProfile: { Arn: ARN } })
  expect(hasRole(cloud, address)).toBe(true)
  expect(told()).toHaveLength(2)
  await expect(ec2.associateIamInstanceProfile(input)).rejects.toMatchObject(refused('IncorrectState'))
  const Filters = [{ Name: 'instance-id', Values: [idOf(instance)] }]
  const { IamInstanceProfileAssociations } = await ec2.describeIamInstanceProfileAssociations({ Filters })
  expect(IamInstanceProfileAssociations).toMatchObject([{ AssociationId: made?.AssociationId, State: 'associated' }])
  await ec2.disassociateIamInstanceProfile({ AssociationId: made?.AssociationId })
  expect(hasRole(cloud, address)).toBe(false)
  expect(told()).toEqual([])
  await expect(ec2.disassociateIamInstanceProfile({ AssociationId: 'iip-assoc-0' })).rejects.toMatchObject(
    refused('NoSuchAssociation'),
  )
})

test('an unknown profile is refused as EC2 does', async () => {
  const { launch } = testCloud()
  await expect(launch(1, { IamInstanceProfile: { Name: 'none' } })).rejects.toMatchObject(
    refused('InvalidParameterValue', 'Invalid IAM Instance Profile name'),
  )
  await expect(launch(1, { IamInstanceProfile: { Arn: ARN } })).rejects.toMatchObject(
    refused('InvalidParameterValue', 'Invalid IAM Instance Profile ARN'),
  )
})
