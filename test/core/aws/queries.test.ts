import { type DescribeImagesRequest, EC2, type Image } from '@aws-sdk/client-ec2'
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { groupRules } from '../../../src/core/aws/group-rules.js'
import { findImage } from '../../../src/core/aws/images.js'
import { describeInstanceTypes, unknownInstanceType } from '../../../src/core/aws/instance-types.js'
import { describeInstancesById } from '../../../src/core/aws/instances.js'
import { describeKeyPair, importKeyPair, samePublicKey } from '../../../src/core/aws/key-pairs.js'
import { findNetwork } from '../../../src/core/aws/network.js'
import {
  createSecurityGroup,
  deleteSecurityGroup,
  describeSecurityGroups,
} from '../../../src/core/aws/security-groups.js'
import { publicKeyOf } from '../../../src/core/ssh/keys.js'
import { createInProcessCloud } from '../../../src/localcloud/in-process.js'

let ec2: EC2
beforeEach(() => {
  ec2 = new EC2(createInProcessCloud().clientConfig)
})

test('an image is found by id, by name and as default', async () => {
  const [image] = (await ec2.describeImages({})).Images!
  const found = { id: image!.ImageId, architecture: image!.Architecture, rootDevice: '/dev/xvda', rootSize: 8 }
  expect(await findImage(ec2, 'default', 'x86_64')).toEqual(found)
  expect(await findImage(ec2, 'debian-12', 'x86_64')).toEqual(found)
  expect(await findImage(ec2, image!.ImageId!, 'x86_64')).toEqual(found)
  await ec2.copyImage({ Name: 'debian-lab', SourceImageId: image!.ImageId!, SourceRegion: 'local' })
  await expect(findImage(ec2, 'debain-lab', 'x86_64')).rejects.toMatchObject({
    code: 'AMIDoesNotExist',
    hint: expect.stringContaining('debian-lab'),
  })
})

/** Answers DescribeImages for the images of publishers, as AWS does, and keeps what was asked. */
function publishers(images: Record<string, Image[]>) {
  const asked: DescribeImagesRequest[] = []
  const aws = {
    describeImages: async (input: DescribeImagesRequest) => {
      asked.push(input)
      if (input.ImageIds) throw Object.assign(new Error('malformed'), { name: 'InvalidAMIID.Malformed', $metadata: {} })
      return { Images: images[input.Owners?.[0] ?? ''] ?? [] }
    },
  } as unknown as EC2
  return { aws, asked }
}

const debian = (id: string, created: string): Image => ({
  ImageId: id,
  CreationDate: created,
  Architecture: 'x86_64',
  RootDeviceName: '/dev/xvda',
  BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8 } }],
})

test.each([
  ['default', '136693071363', 'debian-12-amd64-*'],
  ['debian-13', '136693071363', 'debian-13-amd64-*'],
  ['ubuntu-24.04', '099720109477', 'ubuntu/images/hvm-ssd*/ubuntu-*-24.04-amd64-server-*'],
  ['al2023', '137112412989', 'al2023-ami-2023.*-x86_64'],
])('%s is the newest image of its publisher', async (name, owner, pattern) => {
  const { aws, asked } = publishers({ [owner]: [debian('ami-old', '2025-01-01'), debian('ami-new', '2026-01-01')] })
  const image = { id: 'ami-new', architecture: 'x86_64', rootDevice: '/dev/xvda', rootSize: 8 }
  expect(await findImage(aws, name, 'x86_64')).toEqual(image)
  expect(asked.at(-1)?.Filters?.[0]).toEqual({ Name: 'name', Values: [pattern] })
})

test.each([
  ['default', 'arm64', 'debian/release/12/latest/arm64', '/dev/xvda'],
  ['ubuntu-22.04', 'x86_64', 'canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id', '/dev/sda1'],
  ['al2023', 'arm64', 'ami-amazon-linux-latest/al2023-ami-kernel-default-arm64', '/dev/xvda'],
])('where its publisher has none, %s for %s is what the public parameter says', async (name, arch, end, rootDevice) => {
  expect(await findImage(publishers({}).aws, name, arch)).toEqual({ id: `resolve:ssm:/aws/service/${end}`, rootDevice })
})

test('a name is never looked for among the images of strangers', async () => {
  const { aws, asked } = publishers({})
  await expect(findImage(aws, 'my-image', 'x86_64')).rejects.toMatchObject({ code: 'AMIDoesNotExist' })
  await findImage(aws, 'ubuntu-24.04', 'x86_64')
  for (const input of asked) expect(input.ImageIds ?? input.Owners).toHaveLength(1)
})

test('a parameter that the user names is left to EC2', async () => {
  const { aws, asked } = publishers({})
  expect(await findImage(aws, 'resolve:ssm:/my/image', 'x86_64')).toEqual({ id: 'resolve:ssm:/my/image' })
  expect(asked).toEqual([])
})

test('instance types are described together; an unknown one names the nearest', async () => {
  const types = await describeInstanceTypes(ec2, ['t3.small', 't3.small'])
  expect(types.get('t3.small')?.architectures).toContain('x86_64')
  expect([...(await describeInstanceTypes(ec2, ['t3.small', 't3.smal'])).keys()]).toEqual(['t3.small'])
  expect(await unknownInstanceType(ec2, 't3.smal')).toMatchObject({ hint: 'did you mean t3.small?' })
})

test('a key pair is found, and recognised by its public key', async () => {
  expect(await describeKeyPair(ec2, 'k')).toBeUndefined()
  const { KeyMaterial: privateKey = '' } = await ec2.createKeyPair({ KeyName: 'k', KeyType: 'ed25519' })
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

test('ssh is open to whom it says and to whom permissions say; equal rules are made once', () => {
  const ssh = (cidrIp: string) => ({ ipProtocol: 'tcp', fromPort: 22, toPort: 22, cidrIp })
  const cidrs = (sshCidr: string | undefined, ...permissions: ReturnType<typeof ssh>[]) =>
    groupRules('sg-1', { sshCidr, permissions }).flatMap(({ IpRanges }) => IpRanges?.map(({ CidrIp }) => CidrIp) ?? [])
  expect(cidrs('192.0.2.1/32')).toEqual(['192.0.2.1/32'])
  expect(cidrs(undefined, ssh('192.0.2.0/24'))).toEqual(['192.0.2.0/24'])
  expect(cidrs('192.0.2.1/32', ssh('192.0.2.1/32'), ssh('198.51.100.0/24'))).toEqual([
    '192.0.2.1/32',
    '198.51.100.0/24',
  ])
})

test('ids that EC2 does not know are left out, however many are asked for', async () => {
  const ids = fc.sample(fc.stringMatching(/^i-[0-9a-f]{17}$/), 450)
  const { Instances } = await ec2.runInstances({ ImageId: 'default', MinCount: 2, MaxCount: 2 })
  const mine = Instances!.map(({ InstanceId }) => InstanceId!)
  const found = await describeInstancesById(ec2, [...ids, ...mine])
  expect(found.map(({ InstanceId }) => InstanceId).sort()).toEqual(mine.sort())
})
