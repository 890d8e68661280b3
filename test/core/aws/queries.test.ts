import { EC2 } from '@aws-sdk/client-ec2'
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { findImage } from '../../../src/core/aws/images.js'
import { describeInstanceTypes } from '../../../src/core/aws/instance-types.js'
import { describeInstancesById } from '../../../src/core/aws/instances.js'
import { createKeyPair, describeKeyPair, importKeyPair, samePublicKey } from '../../../src/core/aws/key-pairs.js'
import { findNetwork } from '../../../src/core/aws/network.js'
import {
  createSecurityGroup,
  deleteSecurityGroup,
  describeSecurityGroups,
  groupRules,
} from '../../../src/core/aws/security-groups.js'
import { publicKeyOf } from '../../../src/core/ssh/keys.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'

let ec2: EC2
beforeEach(() => {
  ec2 = new EC2(createInProcessCloud().clientConfig)
})

test('an image is found by id, by name and as default', async () => {
  const [image] = (await ec2.describeImages({})).Images!
  const found = { id: image!.ImageId, architecture: image!.Architecture }
  expect(await findImage(ec2, 'default', 'x86_64')).toEqual(found)
  expect(await findImage(ec2, 'debian-12', 'x86_64')).toEqual(found)
  expect(await findImage(ec2, image!.ImageId!, 'x86_64')).toEqual(found)
  await ec2.copyImage({ Name: 'debian-lab', SourceImageId: image!.ImageId!, SourceRegion: 'local' })
  await expect(findImage(ec2, 'debain-lab', 'x86_64')).rejects.toMatchObject({
    code: 'AMIDoesNotExist',
    hint: expect.stringContaining('debian-lab'),
  })
})

test('where no own image is called default, it is the newest Debian for the architecture; never an image of strangers', async () => {
  const asked: unknown[] = []
  const aws = {
    describeImages: async (input: unknown) => {
      asked.push(input)
      return { Images: [] }
    },
  } as unknown as EC2
  expect((await findImage(aws, 'default', 'arm64')).id).toBe('resolve:ssm:/aws/service/debian/release/12/latest/arm64')
  expect((await findImage(aws, 'default', 'x86_64')).id).toMatch(/amd64$/)
  for (const input of asked)
    expect(input).toSatisfy(
      (i: { ImageIds?: unknown; Owners?: string[] }) => i.ImageIds !== undefined || i.Owners?.[0] === 'self',
    )
})

test('instance types are described together; an unknown one names the nearest', async () => {
  const types = await describeInstanceTypes(ec2, ['t3.small', 't3.small'])
  expect(types.get('t3.small')?.architectures).toContain('x86_64')
  await expect(describeInstanceTypes(ec2, ['t3.small', 't3.smal'])).rejects.toMatchObject({
    hint: 'did you mean t3.small?',
  })
})

test('a key pair is made, found, and recognised by its public key', async () => {
  expect(await describeKeyPair(ec2, 'k')).toBeUndefined()
  const privateKey = await createKeyPair(ec2, 'k')
  const pair = await describeKeyPair(ec2, 'k')
  const publicKey = await publicKeyOf(privateKey)
  expect(samePublicKey(pair!.publicKey!, publicKey)).toBe(true)
  await importKeyPair(ec2, 'copy', publicKey)
  expect(samePublicKey((await describeKeyPair(ec2, 'copy'))!.publicKey!, `${publicKey} another comment`)).toBe(true)
  expect(samePublicKey('ssh-ed25519 AAAA', 'ssh-ed25519 BBBB')).toBe(false)
  expect(samePublicKey('', '')).toBe(false)
})

test('a group is made, found by pattern, and deleted twice without complaint', async () => {
  const { vpcId } = await findNetwork(ec2, undefined)
  const id = await createSecurityGroup(ec2, {
    name: '@sc-x',
    description: 'StarCluster',
    vpcId,
    tags: [{ Key: 'a', Value: 'b' }],
    sshCidr: '0.0.0.0/0',
    permissions: [],
  })
  expect((await describeSecurityGroups(ec2, ['@sc-*'])).map(({ GroupId }) => GroupId)).toEqual([id])
  await deleteSecurityGroup(ec2, id)
  await deleteSecurityGroup(ec2, id)
  expect(await describeSecurityGroups(ec2, ['@sc-*'])).toEqual([])
})

test('a permission for port 22 replaces the rule for ssh; equal rules are made once', () => {
  const ssh = (cidrIp: string) => ({ ipProtocol: 'tcp', fromPort: 0, toPort: 1000, cidrIp })
  const cidrs = (permissions: ReturnType<typeof ssh>[]) =>
    groupRules('sg-1', { sshCidr: '0.0.0.0/0', permissions }).flatMap(
      ({ IpRanges }) => IpRanges?.map(({ CidrIp }) => CidrIp) ?? [],
    )
  expect(cidrs([])).toEqual(['0.0.0.0/0'])
  expect(cidrs([ssh('192.0.2.0/24')])).toEqual(['192.0.2.0/24'])
  expect(cidrs([ssh('0.0.0.0/0'), ssh('0.0.0.0/0')])).toEqual(['0.0.0.0/0', '0.0.0.0/0'])
})

test('ids that EC2 does not know are left out, however many are asked for', async () => {
  const ids = fc.sample(fc.stringMatching(/^i-[0-9a-f]{17}$/), 450)
  const { Instances } = await ec2.runInstances({ ImageId: 'default', MinCount: 2, MaxCount: 2 })
  const mine = Instances!.map(({ InstanceId }) => InstanceId!)
  const found = await describeInstancesById(ec2, [...ids, ...mine])
  expect(found.map(({ InstanceId }) => InstanceId).sort()).toEqual(mine.sort())
})
